import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.lha import members
from tests.engine.archives import make_lha
from tests.engine.opening import SMALL, contents, opened, remarks

WORDS = b"".join(b"word %d\n" % number for number in range(40))
# By ARJ, whose codes are those of lh7.
PACKED = base64.b64decode(
    "AFNVcaxDINHYAemLa4bgWR3vILDsv9SAEAy/e/Ov2un1K07UtbWv9re1xa5tYN7IYDoEIEoFIFoGIGoHIHsHvPLg9g9g9g9g9g9g"
    "9g+A+A+Z+gHwHwHwHwHwHzGg"
)


@pytest.mark.parametrize("level", range(4))
def test_every_kind_of_header_is_read(level: int) -> None:
    whole = make_lha(PACKED, level, b"name", b"-lh7-", len(WORDS))
    found = opened(members, whole)
    assert contents(found) == {("name",): WORDS}
    assert remarks(found) == []


def test_members_follow_each_other() -> None:
    whole = make_lha(b"one", 2, b"a")[:-1] + make_lha(b"two", 1, b"b")[:-1] + make_lha(b"three", 0, b"c")
    assert contents(opened(members, whole)) == {("a",): b"one", ("b",): b"two", ("c",): b"three"}


def test_an_older_method_is_named() -> None:
    assert remarks(opened(members, make_lha(b"x", method=b"-lh2-"))) == ["not opened: packed by method lh2"]


def test_a_method_that_is_no_text_is_told_in_digits() -> None:
    fuzzed = base64.b64decode("GgAtbGgfLV0AAAA2AQAAAAAAACAABG5hbWUAAABTVQ==")
    assert remarks(opened(members, fuzzed)) == ["not opened: packed by method 2d6c681f2d"]


@pytest.mark.parametrize("level", range(4))
def test_cut_and_changed_it_is_survived(level: int) -> None:
    whole = make_lha(PACKED, level, b"name", b"-lh7-", len(WORDS))
    for at in range(len(whole)):
        opened(members, whole[:at], limits=SMALL)
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        opened(members, bytes(changed), limits=SMALL)


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    opened(members, b"\x20\0-lh5-" + data, limits=SMALL)
