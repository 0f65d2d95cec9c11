"""Static libraries and Debian packages."""

from gzip import compress

import pytest

from garrison.engine.formats import ar
from tests.engine.archives import make_tar
from tests.engine.forms_images import ar_member, make_ar
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector


def test_names_that_are_short_long_and_from_bsd_are_read() -> None:
    long = "a name that is longer than sixteen.o"
    made = make_ar([("short.o", b"one"), (long, b"three")])
    made += ar_member(b"#1/12", b"bsd name.o\x00\x00" + b"two") + ar_member(b"plain", b"")
    members = opened(ar.members, made)
    assert contents(members) == {
        ("short.o",): b"one",
        (long,): b"three",
        ("bsd name.o",): b"two",
        ("plain",): b"",
    }
    assert [member.listed.position for member in members if member.listed] == [1, 2, 3, 4]
    assert [member.listed.size for member in members if member.listed] == [3, 5, 3, 0]


def test_tables_of_symbols_are_no_members() -> None:
    made = b"!<arch>\n" + ar_member(b"/", b"\x00" * 8) + ar_member(b"__.SYMDEF SORTED", b"abc")
    assert opened(ar.members, made + ar_member(b"x/", b"x"))[0].names == ("x",)


def test_a_debian_package_is_opened_down_to_its_files() -> None:
    package = make_ar([("debian-binary", b"2.0\n"), ("data.tar.gz", compress(make_tar([("./usr/bin/x", EICAR)])))])
    verdict = check(package, detector())
    assert [finding.inner for finding in verdict.findings] == [("data.tar.gz", "data.tar", "./usr/bin/x")]
    assert verdict.remarks == ()


@pytest.mark.parametrize("field", [b"-1", b"x", b"99999999999999999999", b""])
def test_a_size_that_is_none_ends_it_with_a_remark(field: bytes) -> None:
    made = make_ar([("one", b"1!")]) + b"%-48s%-10s`\n" % (b"two", field)
    members = opened(ar.members, made)
    assert contents(members) == {("one",): b"1!"}
    assert remarks(members) == ["damaged after member 1"]


def test_a_size_beyond_the_end_yields_what_is_there() -> None:
    made = b"!<arch>\n%-48s%-10d`\nrest" % (b"two", 9_999_999_999)
    members = opened(ar.members, made)
    assert contents(members) == {("two",): b"rest"}
    assert remarks(members) == ["damaged: ends too early"]
