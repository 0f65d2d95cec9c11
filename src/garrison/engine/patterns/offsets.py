"""Where in an object a pattern may begin: ClamAV's offsets, read and worked out."""

import re
from typing import Any, Final

from garrison.engine.programs.program import Program
from garrison.engine.subject import Subject

Offset = list[Any]  # what JSON holds: a mark and its figures
Ranges = list[tuple[int, int]]  # first and last offset, both included
ANYWHERE: Final[Offset] = ["*"]
_FAR: Final = 1 << 40
_FORM = re.compile(
    r"(?:(?P<at>\d+)|EOF-(?P<end>\d+)|EP(?P<entry>[+-]\d+)|SL\+(?P<last>\d+)|S(?P<section>\d+)\+(?P<within>\d+))"
    r"(?:,(?P<shift>\d+))?"
)
_WHOLE = re.compile(r"SE(\d+)")


def parse_offset(text: str) -> Offset:
    """Return an offset as a database keeps it. Raises ValueError."""
    if text in {"*", ""}:
        return ANYWHERE
    if text == "VI":
        return ["V"]
    if whole := _WHOLE.fullmatch(text):
        return ["X", _figure(whole[1])]
    told = _FORM.fullmatch(text)
    if told is None:
        raise ValueError("its offset is of no kind we know")
    shift = _figure(told["shift"] or "0")
    for mark, group in (("n", "at"), ("E", "end"), ("P", "entry"), ("L", "last")):
        if told[group] is not None:
            return [mark, _figure(told[group]), shift]
    return ["S", _figure(told["section"]), _figure(told["within"]), shift]


def _figure(text: str) -> int:
    if len(text) > 11:
        raise ValueError("its offset is too large")
    return int(text)


def needs_program(offset: Offset) -> bool:
    """Return whether an offset counts from something that only programs have."""
    return offset[0] in {"P", "S", "L", "X", "V"}


def ranges(offset: Offset, subject: Subject, size: int) -> Ranges:
    """Return where a pattern may begin, in order; [] when what the offset counts from is not there."""
    mark = offset[0]
    if mark == "*":
        return [(0, _FAR)]
    if mark == "n":
        return [(offset[1], offset[1] + offset[2])]
    if mark == "E":
        start = size - offset[1]
        return [(start, start + offset[2])] if start >= 0 else []
    program = subject.program()
    return [] if program is None else _in_program(offset, program)


def _in_program(offset: Offset, program: Program) -> Ranges:
    mark, sections = offset[0], program.sections
    if mark == "P":
        start = program.entry_point + offset[1]
        return [(max(start, 0), start + offset[2])] if program.entry_point >= 0 and start + offset[2] >= 0 else []
    if mark == "V":
        return sorted((start, start + length) for start, length in program.version_strings)
    if not sections or (mark in {"S", "X"} and offset[1] >= len(sections)):
        return []
    if mark == "X":
        section = sections[offset[1]]
        return [(section.offset, section.offset + section.size)]
    section = sections[-1] if mark == "L" else sections[offset[1]]
    start = section.offset + offset[-2]
    return [(start, start + offset[-1])]
