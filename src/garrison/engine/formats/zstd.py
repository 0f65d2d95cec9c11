"""The .zst format: RFC 8878, frames and skippable frames, one after the other."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.formats.unpack import zstd_decoder
from garrison.engine.guard import Guard
from garrison.engine.source import Source


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Raises OSError."""
    return open_single(streams(source, guard, zstd_decoder, _start), guard, inner_name(name))


def _start(source: Source, at: int) -> int | None:
    head = source.read_at(at, 4)
    is_skippable = head[1:] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50
    return at if head == b"\x28\xb5\x2f\xfd" or is_skippable else None
