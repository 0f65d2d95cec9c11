import pytest

from garrison.engine.formats.apple_double import members
from tests.engine.archives import make_apple_double
from tests.engine.opening import SMALL, contents, opened, remarks

ATTRIBUTES = (9, bytes(32) + b"com.apple.quarantine")


def test_all_parts_come_out_under_the_real_name_wherever_it_stands() -> None:
    whole = make_apple_double([(1, b"data"), (2, b"resources"), (3, b"Report"), (4, b"a comment"), ATTRIBUTES])
    assert contents(opened(members, whole)) == {
        ("Report",): b"data",
        ("Report (resource fork)",): b"resources",
        ("Report (extended attributes)",): b"com.apple.quarantine",
    }


@pytest.mark.parametrize(("name", "inner"), [("a/._Report", "Report"), ("Report", "Report"), ("", "content")])
def test_without_a_real_name_it_is_the_files_own(name: str, inner: str) -> None:
    found = opened(members, make_apple_double([(2, b"resources")], is_single=False), name)
    assert contents(found) == {(f"{inner} (resource fork)",): b"resources"}


def test_the_parts_of_a_long_name_have_no_longer_ones() -> None:
    found = opened(members, make_apple_double([(3, b"n" * 2000), (1, b"data"), (2, b"resources")]))
    assert [len(member.names[0]) for member in found] == [1001, 1000]


def test_empty_resources_and_the_plain_words_of_the_finder_are_no_objects() -> None:
    found = opened(members, make_apple_double([(9, bytes(32)), (2, b"")], is_single=False))
    assert (contents(found), remarks(found)) == ({}, [])


def test_an_extent_is_read_once_however_often_it_is_listed() -> None:
    whole = bytearray(make_apple_double([(1, b"data"), (1, b"data")]))
    whole[26 + 12 : 26 + 24] = whole[26 : 26 + 12]
    assert len(opened(members, bytes(whole))) == 1


def test_what_a_cut_list_still_names_comes_out() -> None:
    whole = bytearray(make_apple_double([(1, b"data")]))
    whole[24:26] = b"\xff\xff"
    found = opened(members, bytes(whole))
    assert contents(found) == {("sample",): b"data"}
    assert remarks(found) == ["damaged: ends too early"]


def test_a_list_of_countless_parts_ends_at_the_limit() -> None:
    table = b"".join(bytes((0, 0, 0, 1)) + at.to_bytes(4, "big") + b"\0\0\x10\0" for at in range(60_000))
    whole = make_apple_double([])[:24] + (60_000).to_bytes(2, "big") + table
    assert any(remark.startswith("limit reached: ") for remark in remarks(opened(members, whole, limits=SMALL)))
