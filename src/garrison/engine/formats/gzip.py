"""The .gz format: RFC 1952."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member, clean_name
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.formats.unpack import Inflater
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_EXTRA, _NAME, _COMMENT, _HEADER_CRC = 4, 8, 16, 2
_TRAILER_BYTES = 8
_FIELD_BYTES = 64 * 1024


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Checksums are not compared. Raises OSError."""
    given = _stored_name(source)
    return open_single(streams(source, guard, Inflater, _start), guard, given or inner_name(name))


def _start(source: Source, at: int) -> int | None:
    """Return where the DEFLATE data begins (RFC 1952, 2.3), behind the trailer of the stream before."""
    if at:
        at += _TRAILER_BYTES
    header = source.read_at(at, 10)
    if len(header) < 10 or not header.startswith(b"\x1f\x8b\x08"):
        return None
    flags = header[3]
    at += 10
    if flags & _EXTRA:
        at += 2 + int.from_bytes(source.read_at(at, 2), "little")
    for flag in (_NAME, _COMMENT):
        if flags & flag:
            at += _text_length(source, at)
    return at + 2 if flags & _HEADER_CRC else at


def _text_length(source: Source, at: int) -> int:
    """Return the length of a zero-ended text, its zero included; a text with no end is taken as cut at 64 KiB."""
    field = source.read_at(at, 256)
    if b"\x00" not in field:
        field = source.read_at(at, _FIELD_BYTES)
    end = field.find(b"\x00")
    return end + 1 if end >= 0 else len(field)


def _stored_name(source: Source) -> str:
    header = source.read_at(0, 10)
    if len(header) < 10 or not header[3] & _NAME:
        return ""
    at = 10
    if header[3] & _EXTRA:
        at += 2 + int.from_bytes(source.read_at(at, 2), "little")
    length = _text_length(source, at)
    return clean_name(source.read_at(at, length).rstrip(b"\x00"))
