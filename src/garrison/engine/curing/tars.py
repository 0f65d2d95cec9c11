"""Takes members out of a TAR archive, also a compressed one; what stays is copied block by block.

Source: POSIX.1-2017, pax (ustar and extended headers); the GNU tar manual, "Basic Tar Format" (long names).
"""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from garrison.engine.curing.parts import Questions, harmful_parts
from garrison.engine.type import Type

_BLOCK = 512
_END = bytes(2 * _BLOCK)
_BEFORE = frozenset(b"xgLKNX")  # kinds of headers that speak of the member that follows
_MOST = 400 * 1024 * 1024

_UNPACKERS: dict[Type, Callable[[], Any]] = {
    Type.GZIP: lambda: zlib.decompressobj(wbits=16 + zlib.MAX_WBITS),
    Type.BZIP2: bz2.BZ2Decompressor,
    Type.XZ: lzma.LZMADecompressor,
}
_PACK: dict[Type, Callable[[bytes], bytes]] = {
    Type.GZIP: lambda plain: gzip.compress(plain, mtime=0),
    Type.BZIP2: bz2.compress,
    Type.XZ: lzma.compress,
}
COMPRESSED = frozenset(_UNPACKERS)


class NoTar(ValueError):  # what it is, not an error of ours
    """It is no archive that can be written again member by member. The words say why."""


def without_members(content: bytes, kind: Type, questions: Questions) -> tuple[bytes, list[str]]:
    """Return the archive without the members in which something is found, and their names.

    kind: TAR, or what it is compressed with. Raises NoTar, TooManyQuestions.
    """
    if kind is not Type.TAR:
        cured, names = without_members(_unpacked(content, kind), Type.TAR, questions)
        return _PACK[kind](cured), names
    members = _members(content)
    found = harmful_parts(members, _archive, questions)
    kept = [member for number, member in enumerate(members) if number not in found]
    if not kept:
        raise NoTar("nothing harmless is in it")
    return _archive(kept), [_name(members[number]) for number in sorted(found)]


def _unpacked(content: bytes, kind: Type) -> bytes:
    """Return what is in all streams of a compressed archive. Raises NoTar."""
    plain, rest = bytearray(), content
    while rest:
        unpacker = _UNPACKERS[kind]()
        try:
            plain += unpacker.decompress(rest, _MOST + 1 - len(plain))
        except (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error) as error:
            raise NoTar("it is damaged") from error
        if len(plain) > _MOST:
            raise NoTar("it is too large")
        if not unpacker.eof:
            raise NoTar("it is cut off")
        rest = unpacker.unused_data.lstrip(b"\0")  # tapes and some tools fill up with zeros
    return bytes(plain)


def _members(content: bytes) -> list[bytes]:
    """Return each member with the headers that belong to it."""
    members: list[bytes] = []
    at = begin = 0
    while at + _BLOCK <= len(content) and content[at : at + _BLOCK].strip(b"\0"):
        header = content[at : at + _BLOCK]
        if not _is_header(header):
            raise NoTar("it is damaged, or no plain archive")
        end = at + _BLOCK + -(-_number(header[124:136]) // _BLOCK) * _BLOCK
        if end > len(content):
            raise NoTar("it is cut off")
        at = end
        if header[156] not in _BEFORE:
            members.append(content[begin:end])
            begin = end
    if begin != at or not members:
        raise NoTar("it is damaged")
    return members


def _is_header(header: bytes) -> bool:
    try:
        said = int(header[148:156].strip(b"\0 ") or b"-1", 8)
    except ValueError:
        return False
    return said == sum(header[:148]) + 8 * 0x20 + sum(header[156:])


def _number(field: bytes) -> int:
    """Return a number in octal, or in GNU's base 256."""
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ((1 << 95) - 1)
    digits = field.strip(b"\0 ") or b"0"
    if not digits.isdigit():  # a sign would lead back to where we were
        raise NoTar("it is damaged")
    try:
        return int(digits, 8)
    except ValueError as error:
        raise NoTar("it is damaged") from error


def _archive(members: Sequence[bytes]) -> bytes:
    return b"".join([*members, _END])


def _name(member: bytes) -> str:
    return member[:100].rstrip(b"\0").decode("utf-8", "replace")
