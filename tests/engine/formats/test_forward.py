from collections.abc import Iterator

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.forward import Forward, ForwardSource
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source


def guard() -> Guard:
    return Guard(Limits(), Unbounded(), 100)


def test_reads_cross_the_pieces() -> None:
    stream = Forward(iter([b"abc", b"def", b"gh"]), guard())
    assert stream.read(4) == b"abcd"
    assert stream.skip(2) == 2
    assert stream.read(10) == b"gh"
    assert stream.at == 8
    assert stream.read(1) == b""


def test_an_early_end_is_remembered() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"abc"
        raise Incomplete("damaged")

    stream = Forward(pieces(), guard())
    assert stream.read(10) == b"abc"
    assert stream.remark == "damaged"
    assert stream.read(10) == b""


def test_passing_over_a_source_reads_nothing() -> None:
    counted = guard()
    stream = ForwardSource(Source(b"abcdefgh"), counted)
    assert stream.read(2) == b"ab"
    assert stream.skip(3) == 3
    assert stream.read(9) == b"fgh"
    assert stream.skip(5) == 0
    assert counted.unpacked == 5
