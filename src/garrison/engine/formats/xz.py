"""The .xz format (The .xz File Format 1.2.1) and the older .lzma."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.formats.unpack import lzma_decoder, xz_decoder
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_MAGIC = b"\xfd7zXZ\x00"
_PADDING_BYTES = 64 * 1024  # more of it than anybody writes between two streams


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Raises OSError."""
    return open_single(streams(source, guard, xz_decoder, _start), guard, inner_name(name))


def members_of_lzma(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside an .lzma file, or the members of the tar inside. Raises OSError."""
    return open_single(streams(source, guard, lzma_decoder, _start_of_lzma), guard, inner_name(name))


def _start(source: Source, at: int) -> int | None:
    """Return where a stream begins, behind the zero bytes that may pad the one before (2.2, "Stream Padding")."""
    head = source.read_at(at, 6)
    if at and head.startswith(b"\x00"):
        padding = source.read_at(at, _PADDING_BYTES)
        at += len(padding) - len(padding.lstrip(b"\x00"))
        head = source.read_at(at, 6)
    return at if head == _MAGIC else None


def _start_of_lzma(_source: Source, at: int) -> int | None:
    return None if at else 0
