import random
import zlib

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.unpack import Inflater, Unpacking
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from tests.engine.archives import raw_deflate

NOISE = random.Random(9).randbytes(300_000)


def unpacking(content: bytes, start: int = 0, length: int | None = None) -> Unpacking:
    return Unpacking(Source(content), Guard(Limits(), Unbounded(), len(content)), Inflater, start, length)


@pytest.mark.parametrize("content", [b"", b"a", NOISE, NOISE[:65536] * 9, bytes(3_000_000)])
def test_it_ends_behind_the_last_packed_byte(content: bytes) -> None:
    packed = raw_deflate(content)
    run = unpacking(b"before" + packed + b"behind" * 30_000, 6)
    assert b"".join(run) == content
    assert run.end == 6 + len(packed)


def test_it_stays_within_its_length() -> None:
    packed = raw_deflate(NOISE)
    got: list[bytes] = []
    with pytest.raises(Incomplete, match="ends too early"):
        got.extend(unpacking(packed, 0, 1000))
    assert NOISE.startswith(b"".join(got))


def test_enough_is_enough() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    run = unpacking(packer.compress(NOISE) + packer.flush(zlib.Z_SYNC_FLUSH))  # all is there but the end mark
    run.enough = len(NOISE)
    assert b"".join(run) == NOISE
