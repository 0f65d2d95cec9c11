"""The small kinds of ClamAV's files: what archives list, passwords, what is to be ignored, links.

    .cdb         name:type:size:name of the member:packed:size:encrypted:place:checksum:unused[:levels]
    .pwdb        name;target;how it is written (0 as it is, 1 hexadecimal);password
    .ign .ign2   name[:MD5 of the line], or file:line:name
    .ftm         0:offset:bytes:description:type so far:type[:levels]

(ClamAV manual: "Container metadata", "Passwords for archive files", "Allow lists"; readdb.c for what it leaves open.)
"""

import re
from binascii import unhexlify

from garrison.engine.levels import LEVEL, check_levels
from garrison.engine.listings import ANY
from garrison.engine.signatures.compilation import Compilation, TakeLine
from garrison.engine.type import Type

_CONTAINERS = {
    "*": ANY,
    "CL_TYPE_ZIP": Type.ZIP,
    "CL_TYPE_RAR": Type.RAR,
    "CL_TYPE_ARJ": Type.ARJ,
    "CL_TYPE_MSCAB": Type.CAB,
    "CL_TYPE_7Z": Type.SEVEN_ZIP,
    "CL_TYPE_MAIL": Type.EMAIL,
    "CL_TYPE_POSIX_TAR": Type.TAR,
    "CL_TYPE_OLD_TAR": Type.TAR,
    "CL_TYPE_CPIO_OLD": Type.CPIO,
    "CL_TYPE_CPIO_ODC": Type.CPIO,
    "CL_TYPE_CPIO_NEWC": Type.CPIO,
    "CL_TYPE_CPIO_CRC": Type.CPIO,
    "CL_TYPE_EGG": Type.EGG,
}
_PATTERN_CHARS = 1000
_SIZE_DIGITS = 18
_CRC = re.compile(r"(?:0[xX])?[0-9a-fA-F]{1,8}")
_LEVELS = re.compile(r"Engine:(\d+)-(\d+)")
_MOST_PASSWORDS = 1000


def listed(into: Compilation, _source: str, line: bytes) -> None:
    """Take a line of a .cdb file."""
    text = line.decode("utf-8")
    fields = text.split(":")
    if not 10 <= len(fields) <= 12:
        raise ValueError("it has not the fields of such a line")
    name, kind, container_size, pattern, packed, size, encrypted, position, crc = fields[:9]
    check_levels(fields[10:])
    into.check_ignored(name.encode(), line)
    if kind not in _CONTAINERS:
        raise ValueError(f"{kind[:40]} is no container we list")
    if encrypted not in {"*", "0", "1"}:
        raise ValueError("whether it is encrypted is neither 0, 1 nor *")
    into.listed.append(
        [
            name,
            _CONTAINERS[kind],
            _range(container_size),
            "" if pattern == "*" else _pattern(pattern),
            _range(packed),
            _range(size),
            None if encrypted == "*" else encrypted == "1",
            _range(position),
            _checksum(crc),
        ]
    )


def _checksum(text: str) -> int:
    if text == "*":
        return 0
    if not _CRC.fullmatch(text):
        raise ValueError("its checksum is no CRC-32")
    return int(text, 16)


def _range(text: str) -> tuple[int, int] | None:
    if text == "*":
        return None
    low, dash, high = text.partition("-")
    if not _is_size(low) or (dash and not _is_size(high)):
        raise ValueError(f"{text[:40]} is no size or range")
    return int(low), int(high if dash else low)


def _is_size(text: str) -> bool:
    return text.isdecimal() and len(text) <= _SIZE_DIGITS


def _pattern(pattern: str) -> str:
    """Return an extended regular expression of POSIX: without colons, it is one of Python's as well."""
    if len(pattern) > _PATTERN_CHARS:
        raise ValueError("its pattern is too long")
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError("its pattern cannot be understood") from error
    return pattern


def password(into: Compilation, _source: str, line: bytes) -> None:
    """Take a line of a .pwdb file."""
    fields = line.split(b";", 3)
    if len(fields) != 4:
        raise ValueError("it has not the fields of such a line")
    levels = _LEVELS.search(fields[1].decode("utf-8", "replace"))
    if levels and not int(levels[1]) <= LEVEL <= int(levels[2]):
        raise ValueError("it is for other versions of ClamAV")
    if len(into.passwords) >= _MOST_PASSWORDS:
        raise ValueError("there are too many passwords")
    into.check_ignored(fields[0], line)
    if fields[2] == b"0":
        into.passwords[fields[3]] = None
    elif fields[2] == b"1":
        into.passwords[unhexlify(fields[3])] = None
    else:
        raise ValueError("its way of writing a password is unknown")


def ignored(into: Compilation, _source: str, line: bytes) -> None:
    """Take a line of an ignore list."""
    fields = line.split(b":")
    if len(fields) > 3:
        raise ValueError("it has not the fields of such a line")
    if len(fields) == 2:
        if len(fields[1]) != 32:
            raise ValueError("it names no MD5")
        into.ignore(fields[0], unhexlify(fields[1]))
    else:
        into.ignore(fields[-1], None)


def extended(*, is_pua: bool = False) -> TakeLine:
    """Return what takes a line of an .ndb file. is_pua: whether it is about what is merely unwanted."""

    def take(into: Compilation, source: str, line: bytes) -> None:
        into.check_ignored(line.partition(b":")[0], line)
        into.patterns.extended(line.decode("utf-8"), source, is_pua)

    return take


def logical(*, is_pua: bool = False) -> TakeLine:
    """Return what takes a line of an .ldb file. is_pua: whether it is about what is merely unwanted."""

    def take(into: Compilation, source: str, line: bytes) -> None:
        into.check_ignored(line.partition(b";")[0], line)
        into.patterns.logical(line.decode("utf-8"), source, is_pua)

    return take


def typed(into: Compilation, source: str, line: bytes) -> None:
    """Take a line of an .ftm file."""
    into.patterns.typed(line.decode("utf-8"), source)


def verbatim(file: str) -> TakeLine:
    """Return what keeps lines as they are, for those who match links."""

    def take(into: Compilation, _source: str, line: bytes) -> None:
        into.keep(file, line)

    return take
