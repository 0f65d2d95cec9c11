"""One suite for every container: what the contract in `opener` promises."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from garrison.engine.budget import Limits
from garrison.engine.formats.openers import CLOSED, OPENERS
from garrison.engine.guard import Guard
from garrison.engine.identify import Type, identify
from garrison.engine.source import Source
from tests.engine.archives import OPEN, WRAP
from tests.engine.opening import SMALL, Spent, contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

FORMATS = sorted(WRAP)
PAIRS = [(outer, inner) for outer in FORMATS for inner in FORMATS]
KNOWN = detector()
NOISE = random.Random(7).randbytes(40_000)  # more than one of everybody's blocks; packs badly


def test_every_opener_is_in_this_suite() -> None:
    assert dict(OPENERS) == OPEN
    assert set(WRAP) == set(OPENERS)
    assert not set(CLOSED) & set(OPENERS)


@pytest.mark.parametrize("kind", FORMATS)
def test_it_is_identified_by_its_content(kind: Type) -> None:
    assert identify(WRAP[kind](EICAR)[:4096]) == kind


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("content", [b"", b"x", EICAR, NOISE, bytes(100_000)], ids=["0", "1", "68", "noise", "zeros"])
def test_what_went_in_comes_out(kind: Type, content: bytes) -> None:
    members = opened(OPEN[kind], WRAP[kind](content))
    assert [member.content for member in members] == [content]
    assert remarks(members) == []


@pytest.mark.parametrize(("outer", "inner"), PAIRS)
def test_any_container_is_opened_in_any_other(outer: Type, inner: Type) -> None:
    verdict = check(WRAP[outer](WRAP[inner](EICAR)), KNOWN)
    assert [finding.name for finding in verdict.findings if len(finding.inner) >= 2] == ["EICAR-Test-File"]
    assert verdict.remarks == ()


@pytest.mark.parametrize("kind", FORMATS)
def test_cut_anywhere_it_yields_what_came_before_and_says_so(kind: Type) -> None:
    whole = WRAP[kind](NOISE)
    for at in [*range(0, 600, 7), *range(600, len(whole) - 600, 1999), *range(len(whole) - 600, len(whole), 7)]:
        members = opened(OPEN[kind], whole[:at])
        for content in contents(members).values():
            assert NOISE.startswith(content)
        if at < 30_000:
            assert remarks(members) or kind == Type.TAR


@pytest.mark.parametrize("kind", FORMATS)
def test_a_long_beginning_is_enough_to_find_what_is_at_the_start(kind: Type) -> None:
    whole = WRAP[kind](NOISE)
    got = b"".join(contents(opened(OPEN[kind], whole[: len(whole) - 200])).values())
    # bzip2 gives nothing of a block (900 kB) that is not whole; zstd nothing of one of 128 KiB.
    assert len(got) > 20_000 or kind in {Type.BZIP2, Type.ZSTD}


@pytest.mark.parametrize("kind", FORMATS)
def test_garbage_behind_it_does_no_harm(kind: Type) -> None:
    members = opened(OPEN[kind], WRAP[kind](EICAR) + b"garbage" * 50)
    assert EICAR in contents(members).values()


@pytest.mark.parametrize("kind", FORMATS)
def test_one_object_is_cut_at_the_limit(kind: Type) -> None:
    limits = Limits(object_bytes=10_000)
    members = opened(OPEN[kind], WRAP[kind](NOISE), limits=limits)
    assert list(contents(members).values()) == [NOISE[:10_000]]
    assert remarks(members) == ["only the first 9.8 KiB were checked"]


@pytest.mark.parametrize("kind", FORMATS)
def test_all_together_end_at_the_limit(kind: Type) -> None:
    limits = Limits(object_bytes=1_000_000, total_bytes=20_000)
    members = opened(OPEN[kind], WRAP[kind](NOISE), limits=limits)
    assert "limit reached: unpacks to over 19.5 KiB" in remarks(members)


@pytest.mark.parametrize("kind", sorted(set(FORMATS) - {Type.TAR}))
def test_a_bomb_is_let_alone(kind: Type) -> None:
    bomb = WRAP[kind](bytes(32 * 1024 * 1024))
    members = opened(OPEN[kind], bomb)
    assert remarks(members)[0] == "limit reached: unpacks to over 250 times its size"
    assert sum(map(len, contents(members).values())) < 17 * 1024 * 1024


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("questions", range(4))
def test_it_stops_when_the_time_is_over(kind: Type, questions: int) -> None:
    members = opened(OPEN[kind], WRAP[kind](NOISE * 100), budget=Spent(questions))
    assert "limit reached: time" in remarks(members)


@pytest.mark.parametrize("kind", FORMATS)
def test_objects_are_counted(kind: Type) -> None:
    limits = Limits(members=1)
    members = opened(OPEN[kind], WRAP[kind](EICAR), limits=limits)
    assert contents(members) == {}
    assert "limit reached: more than 1 objects" in remarks(members)


class Broken(Source):
    """A disk that fails after so many reads."""

    def __init__(self, content: bytes, after: int) -> None:
        super().__init__(content)
        self._after = after

    def read_at(self, offset: int, length: int) -> bytes:
        self._after -= 1
        if self._after < 0:
            raise OSError(5, "Input/output error")
        return super().read_at(offset, length)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("after", range(3))
def test_a_failing_disk_is_the_callers_to_tell(kind: Type, after: int) -> None:
    content = WRAP[kind](random.Random(8).randbytes(500_000))
    with pytest.raises(OSError, match="Input/output error"):
        list(OPEN[kind](Broken(content, after), Guard(Limits(), Spent(10_000), len(content)), "sample"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(kind=st.sampled_from(FORMATS), content=st.binary(max_size=3000))
def test_any_bytes_are_survived(kind: Type, content: bytes) -> None:
    opened(OPEN[kind], content, limits=SMALL)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kind=st.sampled_from(FORMATS),
    flips=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_any_flipped_bits_are_survived(kind: Type, flips: list[tuple[int, int]]) -> None:
    content = bytearray(WRAP[kind](EICAR + NOISE[:2000]))
    for at, value in flips:
        content[at % len(content)] ^= value
    opened(OPEN[kind], bytes(content), limits=SMALL)
    check(bytes(content), KNOWN, limits=SMALL)
