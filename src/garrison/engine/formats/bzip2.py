"""The .bz2 format, as bzip2 1.0.8 reads it: streams that begin with BZh1 to BZh9."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.formats.unpack import bzip2_decoder
from garrison.engine.guard import Guard
from garrison.engine.source import Source


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Raises OSError."""
    return open_single(streams(source, guard, bzip2_decoder, _start), guard, inner_name(name))


def _start(source: Source, at: int) -> int | None:
    head = source.read_at(at, 4)
    return at if head.startswith(b"BZh") and head[3:4].isdigit() else None
