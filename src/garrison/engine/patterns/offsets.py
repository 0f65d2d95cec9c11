"""Where in an object a pattern may begin: ClamAV's offsets, read and worked out."""

import re
from typing import Any, Final

from garrison.engine.programs.program import Program
from garrison.engine.subject import Subject
from garrison.engine.type import Type

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
    return [] if program is None else _in_program(offset, program, subject)


def _in_program(offset: Offset, program: Program, subject: Subject) -> Ranges:
    if offset[0] == "P":
        starts = sorted(entry + offset[1] for entry in entry_points(subject.kind, program))
        return [(max(start, 0), start + offset[2]) for start in starts if start + offset[2] >= 0]
    if offset[0] == "V":
        return sorted((start, start) for start, _ in program.version_strings)
    return _in_section(offset, sections(subject, program))


def entry_points(kind: Type, program: Program) -> set[int]:
    """Return what counts as the entry point's offset: clamscan reads none of most Mach-O programs, and takes 0."""
    return {each for each in (program.entry_point, 0 if kind == Type.MACHO else -1) if each >= 0}


def sections(subject: Subject, program: Program) -> list[tuple[int, int]]:
    """Return (offset, size) of the sections as clamscan numbers them: ELF has an empty one first, or has none."""
    found = [(section.offset, section.size) for section in program.sections]
    if subject.kind != Type.ELF:
        return found
    header = subject.content[:64]
    at = 60 if program.is_64 else 48
    count = int.from_bytes(header[at : at + 2], "big" if header[5:6] == b"\x02" else "little")  # e_shnum
    return [(0, 0), *found] if count == len(found) + 1 else []


def _in_section(offset: Offset, found: list[tuple[int, int]]) -> Ranges:
    mark = offset[0]
    if not found or (mark in {"S", "X"} and offset[1] >= len(found)):
        return []
    if mark == "X":
        start, size = found[offset[1]]
        return [(start, start + size)]
    start = found[-1 if mark == "L" else offset[1]][0] + offset[-2]
    return [(start, start + offset[-1])]
