"""cpio archives in all their dialects."""

import gzip
from pathlib import Path

import pytest

from garrison.engine.formats import cpio
from tests.engine.forms_images import make_bin, make_newc, make_odc
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

SAMPLES = Path("/usr/share/clamav-testfiles")
FILES = [("one", b"1"), ("folder/two", b"22" * 40_000), ("three", b"")]


@pytest.mark.parametrize("dialect", ["bin-le", "bin-be", "newc", "odc"])
def test_foreign_samples_are_opened(dialect: str) -> None:
    sample = SAMPLES / f"clam.{dialect}.cpio"
    if not sample.exists():
        pytest.skip("Debian's clamav-testfiles is not installed")
    members = opened(cpio.members, sample.read_bytes())
    assert [len(content) for content in contents(members).values()] == [544]
    assert remarks(members) == []


@pytest.mark.parametrize(
    "made", [make_newc(FILES), make_newc(FILES, b"070702"), make_odc(FILES), make_bin(FILES), make_bin(FILES, ">")]
)
def test_every_file_comes_out_with_its_place_in_the_list(made: bytes) -> None:
    members = opened(cpio.members, made)
    assert contents(members) == {(name,): content for name, content in FILES}
    listed = [member.listed for member in members if member.listed]
    assert [(one.name, one.size, one.position) for one in listed] == [
        ("one", 1, 1),
        ("folder/two", 80_000, 2),
        ("three", 0, 3),
    ]


def test_folders_links_and_devices_have_no_content() -> None:
    assert opened(cpio.members, make_newc([("x", b"target")], mode=0o120777)) == []


def test_archives_one_after_the_other_are_one() -> None:
    made = make_newc([("one", b"1")]) + bytes(700) + make_odc([("two", b"2")]) + make_newc([("three", b"3")])
    assert list(contents(opened(cpio.members, made)).values()) == [b"1", b"2", b"3"]


def test_what_is_packed_behind_the_last_is_opened_as_in_an_initial_ram_disk() -> None:
    made = make_newc([("microcode", b"1")]) + bytes(512) + gzip.compress(make_newc([("init", EICAR)]))
    verdict = check(made, detector())
    assert [finding.inner[-1] for finding in verdict.findings] == ["init"]
    assert verdict.remarks == ()


def test_a_damaged_header_is_said_and_what_came_before_is_kept() -> None:
    made = make_newc([("one", b"1")]).split(b"070701")
    broken = b"070701" + made[1] + b"07x701" + made[2]
    members = opened(cpio.members, broken)
    assert contents(members) == {("one",): b"1"}
    assert remarks(members) == ["damaged after member 1"]
