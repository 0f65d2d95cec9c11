"""Compressed single streams (gzip, bzip2, xz, lzma, zstd), and the tar that is often inside."""

from collections.abc import Callable, Iterator
from itertools import chain

from garrison.engine.formats import tar
from garrison.engine.formats.forward import Forward
from garrison.engine.formats.opener import CORRUPT, Member, collect
from garrison.engine.formats.unpack import Decoder, Unpacking
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import is_tar
from garrison.engine.source import Source

_SHORT_ENDINGS = {".tgz": ".tar", ".tbz2": ".tar", ".tbz": ".tar", ".txz": ".tar", ".tlz": ".tar", ".tzst": ".tar"}
_ENDINGS = (".gz", ".bz2", ".xz", ".lzma", ".zst", ".z", ".lz4", ".lz")
_SMALL_STREAM_BYTES = 512

# Where a stream's packed bytes begin in the source from an offset on, or None when no stream begins there.
Start = Callable[[Source, int], int | None]


def inner_name(name: str) -> str:
    """Return what the one object in a compressed file is called: its name less the ending, like gunzip(1)."""
    base = name.rsplit("/", 1)[-1]
    for ending, instead in _SHORT_ENDINGS.items():
        if base.lower().endswith(ending) and len(base) > len(ending):
            return base[: -len(ending)] + instead
    for ending in _ENDINGS:
        if base.lower().endswith(ending) and len(base) > len(ending):
            return base[: -len(ending)]
    return base or "content"


def streams(source: Source, guard: Guard, make: Callable[[], Decoder], start: Start) -> Iterator[bytes]:
    """Yield what the streams of a source unpack to, one after the other; what follows the last is left alone.

    Raises Incomplete at damage or a limit, OSError.
    """
    at = 0
    small = 0
    while True:
        begins = start(source, at)
        if begins is None:
            if at == 0:
                raise Incomplete(CORRUPT)
            return
        before = guard.unpacked
        run = Unpacking(source, guard, make, begins)
        yield from run
        at = run.end
        # Thousands of empty streams cost much time and give nothing; blocked gzip (bgzip) has large ones.
        small += guard.unpacked - before < _SMALL_STREAM_BYTES
        if small > guard.limits.members:
            raise Incomplete(f"limit reached: more than {guard.limits.members:,} streams")


def open_single(pieces: Iterator[bytes], guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one member that the pieces are; when it is a tar, its members instead, as of one container."""
    head: list[bytes] = []
    remark = ""
    try:
        while sum(map(len, head)) < 512:
            head.append(next(pieces))
    except StopIteration:
        pieces = iter(())
    except Incomplete as reason:
        remark = reason.remark
    start = b"".join(head)
    rest = _failing(remark) if remark else pieces
    if is_tar(start[:512]):
        for member in tar.read(Forward(chain((start,), rest), guard)):
            yield Member((name, *member.names), member.content, member.remark, listed=member.listed)
    else:
        yield collect((name,), chain((start,) if start else (), rest), guard)


def _failing(remark: str) -> Iterator[bytes]:
    if remark:
        raise Incomplete(remark)
    yield from ()
