"""Patterns by chance: what was made to match is found, what nearly matches is not, and no line breaks the parser."""

import random
import re
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.patterns.signature import parse_extended, parse_logical
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine.patterns.campaign import campaign
from tests.engine.patterns.joints import Maker
from tests.engine.patterns.matching import found, opened

_LETTERS = "0123456789abcdefABZ?*{}[]()!|-,;:/$#=&<>xEOFSLPV+ "


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(0, 3000))
def test_a_pattern_is_found_where_it_was_put(seed: int, before: int) -> None:
    maker = Maker(seed)
    pattern, content = maker.pattern()
    plain = not {"!", "(B)", "(L)", "(W)", "-"} & set(re.findall(r"!|\([BLW]\)|-", pattern))  # made to fail at times
    file = b"\0" * before + content + b"\0" * 50
    told = found(file, [f"A:0:*:{pattern}"])
    assert told == {"A": before} or not plain


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1 << 32))
def test_a_pattern_is_not_found_where_one_fixed_byte_differs(seed: int) -> None:
    maker = Maker(seed)
    source, content = maker.piece(text=False)
    more, end = maker.piece(text=False)
    gap = maker.random.randint(1, 20)
    at = maker.random.randrange(len(content))
    wrong = content[:at] + bytes((content[at] ^ 1,)) + content[at + 1 :]
    line = f"A:0:*:{source}{{0-{gap}}}{more}"
    assert found(b"\0" * 40 + content + b"\0" * gap + end, [line]) == {"A": 40}
    assert found(b"\0" * 40 + wrong + b"\0" * gap + end, [line]) == {}
    if end[0] != 0 and not end.startswith(b"\0"):
        assert found(b"\0" * 40 + content + b"\0" * (gap + 1) + end, [line]) == {}


@settings(max_examples=300, deadline=None)
@given(st.text(_LETTERS, max_size=60), st.sampled_from(["A:0:*:", "A:1:", "L;Target:0;0;", "L;Target:0;", "L;", ""]))
def test_no_line_breaks_the_parser(text: str, before: str) -> None:
    for parse in (parse_extended, parse_logical):
        try:
            parse(before + text)
        except ValueError:
            continue


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=2000))
def test_no_content_breaks_the_search(content: bytes) -> None:
    assert _ALL.match(Subject(content, Type.HTML)) is not None


_ALL = opened(
    ["A:0:*:0001*0203", "B:3:*:3c68{-5}6d6c", "C:0:EOF-4,9:ffff"],
    ["L;Target:0;0|1=0&2;0000;ffff::i;0/[a-z]+/", "M;Target:3;0&1;3c3e::w;0(>>1#il4#>9)"],
)


def test_a_crowded_file_is_searched_to_its_end() -> None:
    file = (b"abcdefgh" * 60_000) + b"abcdefgh-the-end"
    assert found(file, ["A:0:*:" + b"abcdefgh-the".hex(), "B:0:*:" + (b"abcdefgh".hex() + "*" + b"the-end".hex())])


def test_a_pattern_over_the_border_of_two_windows_is_found() -> None:
    content = random.Random(4).randbytes(30)
    for at in (262_120, 262_137, 262_140, 262_144):
        assert found(bytes(at) + content + bytes(500), [f"A:0:*:{content.hex()}"]) == {"A": at}


@pytest.mark.skipif(shutil.which("clamscan") is None, reason="clamscan is not installed")
def test_clamscan_finds_nothing_that_we_do_not() -> None:
    told = campaign(7, 10)
    assert told.files == 12
    assert told.both > 0
    assert told.only_clamscan == []
