"""Lines with a digest: ClamAV's lists, and plain ones.

    .hdb .hsb .fp .sfp   digest:size:name[:minimum level[:maximum level]]   ClamAV manual, "File hash signatures"
    .mdb .msb            size:digest:name[:...], of a PE program's section  the same, "PE section based hash signatures"
    .imp                 digest:size:name[:...], of a PE program's imports  the same, "Import table hash"
    others               digest | digest:size:name[:kind] | digest,name[,kind[,size]] (CSV, quotes allowed)

The length of the hexadecimal digest tells MD5, SHA-1 or SHA-256. A size of `*` is any.
"""

import csv
import hashlib
import re
from binascii import unhexlify

from garrison.engine.hashes import ALGORITHMS, ANY_SIZE
from garrison.engine.levels import check_levels
from garrison.engine.signatures.compilation import Compilation, TakeLine
from garrison.engine.verdict import Kind

_LENGTHS = {length * 2 for length in ALGORITHMS.values()}
_HEX = re.compile(r"[0-9A-Fa-f]+\Z")
_NAME_BYTES = 200
_EMPTY = {hashlib.new(name, usedforsecurity=False).digest() for name in ALGORITHMS}
_LEVEL_FOR_ANY_SIZE = 73  # ClamAV refuses `*` in a line that does not ask for this level
_NO_DIGEST = "it holds no MD5, SHA-1 or SHA-256 in hexadecimal"


def clamav(table: str, *, is_size_first: bool = False) -> TakeLine:
    """Return what takes a line of one of ClamAV's lists into a table."""
    size_at, digest_at = (0, 1) if is_size_first else (1, 0)

    def take(into: Compilation, source: str, line: bytes) -> None:
        fields = line.split(b":")
        if not 3 <= len(fields) <= 5:
            raise ValueError("it has not the fields of such a line")
        name = fields[2]
        if len(fields) > 3:
            check_levels(fields[3:])
        if into.ignored:
            into.check_ignored(name, line)
        digest = _digest(fields[digest_at])
        size_text = fields[size_at]
        if size_text == b"*":
            if len(fields) < 4 or int(fields[3]) < _LEVEL_FOR_ANY_SIZE:
                raise ValueError("any size (*) needs a minimum level of 73")
            size = ANY_SIZE
        else:
            size = _size(size_text)
        into.add(table, digest, size, name[:_NAME_BYTES], Kind.TROJAN, source)

    return take


def imports(into: Compilation, source: str, line: bytes) -> None:
    """Take a line of an .imp list. Only MD5 is compared, and whatever the size, which is that of the list of names."""
    if len(line.partition(b":")[0]) != 2 * ALGORITHMS["md5"]:
        raise ValueError("imports are compared by MD5 only")
    _IMPORTS(into, source, line)


def plain(into: Compilation, source: str, line: bytes) -> None:
    """Take a line of any other list."""
    fields, is_colon = _fields(line.decode("utf-8", "replace"))
    if len(fields[0]) not in _LENGTHS or not _HEX.match(fields[0]):
        raise ValueError("it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal")
    fields += [""] * (4 - len(fields))
    size, name, kind = (fields[1], fields[2], fields[3]) if is_colon else (fields[3], fields[1], fields[2])
    into.add(
        "hashes",
        _digest(fields[0].encode("ascii")),
        ANY_SIZE if size in {"", "*"} else _size(size.encode("utf-8")),
        (name or source)[:_NAME_BYTES].encode("utf-8", "replace"),
        _kind(kind, is_colon),
        source,
    )


def _digest(text: bytes) -> bytes:
    if len(text) not in _LENGTHS:
        raise ValueError(_NO_DIGEST)
    try:
        digest = unhexlify(text)
    except ValueError as error:
        raise ValueError(_NO_DIGEST) from error
    if digest in _EMPTY:
        raise ValueError("it is the digest of an empty file")
    return digest


def _size(text: bytes) -> int:
    if not text.isdigit() or len(text) > 18:
        raise ValueError(f"{text[:40].decode('utf-8', 'replace')} is no size in bytes")
    size = int(text)
    if size >= ANY_SIZE:
        raise ValueError("no object of this size is hashed")
    return size


def _fields(text: str) -> tuple[list[str], bool]:
    is_colon = ":" in text and ("," not in text or text.index(":") < text.index(","))
    try:
        parts = text.split(":") if is_colon else next(csv.reader([text], skipinitialspace=True))
    except csv.Error as error:
        raise ValueError(f"it is no row of a table: {error}") from error
    return [part.strip() for part in parts], is_colon


def _kind(text: str, is_colon: bool) -> Kind:
    """Return the kind a line tells. In ClamAV's lists a number stands there, the level a scanner must have."""
    if not text or (is_colon and text.isdigit()):
        return Kind.TROJAN
    try:
        return Kind(text.lower())
    except ValueError:
        raise ValueError(f"{text[:40]} is no kind of threat") from None


_IMPORTS = clamav("imports")
