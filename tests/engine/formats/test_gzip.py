import gzip
import random

import pytest

from garrison.engine.formats.gzip import members
from tests.engine.archives import make_gzip, make_tar
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

NOISE = random.Random(5).randbytes(200_000)


@pytest.mark.parametrize("name", ["", "stored name"])
@pytest.mark.parametrize("extra", [b"", b"x" * 700])
@pytest.mark.parametrize("comment", ["", "c" * 300])
@pytest.mark.parametrize("check_sum", [False, True])
def test_every_optional_field_is_passed_over(name: str, extra: bytes, comment: str, check_sum: bool) -> None:
    found = opened(members, make_gzip(EICAR, name, extra, comment, check_sum), "given.gz")
    assert contents(found) == {(name or "given",): EICAR}
    assert remarks(found) == []


def test_streams_one_after_the_other_are_one_object() -> None:
    content = b"".join(make_gzip(NOISE[at : at + 20_000]) for at in range(0, 200_000, 20_000))
    assert list(contents(opened(members, content)).values()) == [NOISE]


def test_thousands_of_empty_streams_end() -> None:
    found = opened(members, make_gzip(b"") * 12_000)
    assert remarks(found) == ["limit reached: more than 10,000 streams"]


def test_a_wrong_checksum_hides_nothing() -> None:
    content = bytearray(gzip.compress(EICAR))
    content[-6] ^= 1
    assert list(contents(opened(members, bytes(content))).values()) == [EICAR]


def test_names_that_are_no_utf8_are_kept() -> None:
    assert list(contents(opened(members, make_gzip(EICAR, "\udcff")))) == [("\udcff",)]


def test_a_name_without_end_is_survived() -> None:
    assert remarks(opened(members, b"\x1f\x8b\x08\x08" + bytes(6) + b"n" * 100_000)) != []


def test_a_gigabyte_of_zeros_ends_early() -> None:
    piece = gzip.compress(bytes(64 * 1024 * 1024), 9)
    verdict = check(piece * 16, detector(), "zeros.gz")
    assert verdict.bytes < 20 * 1024 * 1024
    assert [(remark.what, remark.inner) for remark in verdict.remarks] == [
        ("limit reached: unpacks to over 250 times its size", ("zeros",))
    ]


@pytest.mark.parametrize(("name", "inner"), [("x.tar.gz", "x.tar"), ("x.tgz", "x.tar"), ("x", "x"), (".gz", ".gz")])
def test_a_tar_inside_is_opened_in_one_go(name: str, inner: str) -> None:
    verdict = check(gzip.compress(make_tar([("dir/f", EICAR)])), detector(), name)
    assert [finding.inner for finding in verdict.findings] == [(inner, "dir/f")]


def test_a_cut_tar_inside_says_where_it_ended() -> None:
    whole = gzip.compress(make_tar([("a", EICAR), ("b", NOISE)]))
    found = opened(members, whole[:100_000], "x.tgz")
    assert contents(found)["x.tar", "a"] == EICAR
    assert [(member.names, member.remark) for member in found if member.remark] == [
        (("x.tar", "b"), "damaged: ends too early"),
        (("x.tar",), "damaged after member 2"),
    ]
