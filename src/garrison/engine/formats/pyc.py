"""Compiled Python 3: what stands in its constants. CPython's Python/marshal.c describes how they are written.

The code is not read from its beginning to its end: a text or bytes constant is its kind (one byte), its length and its
content as it is, so that one pass finds the long ones and those that begin like a file, also in damaged code. Short
texts need no object of their own: rules for Python look at compiled Python as well.
"""

import re
from collections.abc import Iterator
from itertools import chain

import hyperscan

from garrison.engine.formats.deobfuscate import hidden_in
from garrison.engine.formats.opener import Member, derived
from garrison.engine.guard import Guard
from garrison.engine.identify import identify
from garrison.engine.source import Source
from garrison.engine.type import Type
from garrison.engine.words import Expressions

_MOST_BYTES = 100 * 1024 * 1024
_MOST_CONSTANTS = 1000
_UNKNOWN = 4096  # bytes that are of no known type are an object of their own when they are so many
_LONG_KINDS, _SHORT_KINDS = b"stuaA\xf3\xf4\xf5\xe1\xc1", b"zZ\xfa\xda"  # the highest bit: it is shared
_LONG, _SHORT = (b"[" + kinds + b"]" for kinds in (_LONG_KINDS, _SHORT_KINDS))
_FILES = (
    rb"\x7fELF|MZ[\x00-\xff]|PK\x03\x04|\x1f\x8b\x08|BZh[1-9]|\xfd7zXZ|\x28\xb5\x2f\xfd|x[\x01\x5e\x9c\xda]|%PDF-|#!|"
    rb"<\?php|<html|<script|Rar!|7z\xbc\xaf|\xd0\xcf\x11\xe0|\xca\xfe\xba\xbe|\{\\rt|MSCF|[\x30-\xff][\x0c-\x0e]\r\n"
)
_BEGINNINGS = (
    _LONG + rb".[\x04-\xff]\x00\x00",  # 1,024 bytes and more
    _LONG + rb"..[\x01-\x06]\x00",  # 64 KiB and more
    _LONG + rb"....(?:" + _FILES + rb")",
    _SHORT + rb".(?:" + _FILES + rb")",
)
_FILE, _SHORT_FILE = 2, 3
_FILE_START = re.compile(_FILES, re.DOTALL)
_CODE_NUMBERS = (20, 24)  # bytes between the start of a code object and its instructions, by version
_DECODES = (b"b64decode", b"base64", b"unhexlify", b"fromhex")  # of which none is there, nothing is decoded
_FIRST_WORD = len(_BEGINNINGS)
_LETTERS = 24  # and more: of a text in base64 or hexadecimal
_CODED = tuple(start + rb"[A-Za-z0-9+/]{%d}" % _LETTERS for start in (_LONG + rb"...[\x00-\x06]", _SHORT + rb"."))
_CODED_WIDTHS = (5, 2)  # of the kind and the length before it
_CODED_TEXT = re.compile(rb"[A-Za-z0-9+/]+={0,2}")

_ALL, _ONCE = hyperscan.HS_FLAG_DOTALL, hyperscan.HS_FLAG_SINGLEMATCH
BEGINNINGS = Expressions(
    (number, each, _ALL if number < _FIRST_WORD else _ONCE) for number, each in enumerate((*_BEGINNINGS, *_DECODES))
)
CODED = Expressions((number, each, _ALL) for number, each in enumerate(_CODED))

Places = list[tuple[int, int]]  # where a beginning or a word ends; its number


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield long bytes, files and scripts, and what is written in base64 or hexadecimal. Raises OSError."""
    content = source.read_at(0, _MOST_BYTES)
    places: Places = []
    BEGINNINGS.prepared().scan(content, match_event_handler=_note, context=places)
    for label, found in chain(_constants(content, places), _hidden(content, places)):
        yield derived(label, found, guard)
        if guard.stopped:
            yield Member((), None, guard.stopped)
            return


def _hidden(content: bytes, places: Places) -> Iterator[tuple[str, bytes]]:
    if any(number >= _FIRST_WORD for _, number in places):
        coded = b"\n".join(_coded(content))
        for number, hidden in enumerate(hidden_in(coded) if coded else (), 1):
            yield f"hidden {number}", hidden


def _coded(content: bytes) -> Iterator[bytes]:
    """Yield the constants that consist of letters and digits only, as base64 and hexadecimal do."""
    places: list[int] = []
    CODED.prepared().scan(content, match_event_handler=_note_coded, context=places)
    after = 0
    for place in sorted(places):
        at, number = divmod(place, len(_CODED))
        if at < after:
            continue
        width = _CODED_WIDTHS[number]
        start = at + width
        end = start + int.from_bytes(content[at + 1 : start], "little")
        if end <= len(content) and _CODED_TEXT.fullmatch(content, start, end):
            yield content[start:end]
            after = end


def _constants(content: bytes, places: Places) -> Iterator[tuple[str, bytes]]:
    """Yield the constants that are worth an object of their own, none from inside another."""
    after = count = 0
    for to, number in sorted(places):
        if number >= _FIRST_WORD:
            continue
        if number == _SHORT_FILE:
            start, length = _short(content, to)
        else:
            start, length = _long(content, to, number)
        if start < after or length < 32 or start + length > len(content):
            continue
        if number in {_FILE, _SHORT_FILE} or _is_worth_it(content, start, length):
            count += 1
            yield f"constant {count}", content[start : start + length]
            after = start + length
            if count == _MOST_CONSTANTS:
                return


def _long(content: bytes, to: int, number: int) -> tuple[int, int]:
    start = to if number != _FILE else _before_file(content, to, _LONG_KINDS, 5)
    return start, int.from_bytes(content[start - 4 : start], "little") if start >= 0 else 0


def _short(content: bytes, to: int) -> tuple[int, int]:
    start = _before_file(content, to, _SHORT_KINDS, 2)
    return start, content[start - 1] if start >= 0 else 0


def _before_file(content: bytes, to: int, kind: bytes, width: int) -> int:
    """Return where a file begins whose signature ends there, -1 when no such constant comes before it."""
    for size in range(2, 9):
        start = to - size
        if start >= width and content[start - width] in kind and _FILE_START.match(content, start, to):
            return start
    return -1


def _is_worth_it(content: bytes, start: int, length: int) -> bool:
    """Return whether a long constant is more than prose, and than the instructions of a function."""
    kind = identify(content[start : start + min(length, 4096)])
    if content[start - 5] & 0x7F == ord("s") and kind is Type.DATA:
        return length >= _UNKNOWN and not any(content[start - 6 - gap] & 0x7F == ord("c") for gap in _CODE_NUMBERS)
    return kind not in {Type.TEXT, Type.DATA}


def _note(number: int, _start: int, end: int, _flags: int, found: Places) -> None:
    found.append((end, number))


def _note_coded(number: int, _start: int, end: int, _flags: int, found: list[int]) -> None:
    """Keep where the constant begins, and its number, in one figure: base64 itself has many such places."""
    found.append((end - _LETTERS - _CODED_WIDTHS[number]) * len(_CODED) + number)
