"""Packages for Symbian."""

import struct
import zlib
from pathlib import Path

import pytest

from garrison.engine.formats import sis
from tests.engine.forms_images import make_sis
from tests.engine.opening import SMALL, contents, opened, remarks

SAMPLES = Path("/usr/share/clamav-testfiles")
FILES = [("!:\\one.exe", b"1" * 3000), ("two", b"22")]


def field(content: bytes, *, is_stored: bool = False) -> bytes:
    data = content if is_stored else zlib.compress(content)
    return struct.pack("<LLLQ", 3, len(data) + 12, 0 if is_stored else 1, len(content)) + data


def test_a_foreign_sample_is_opened() -> None:
    sample = SAMPLES / "clam.sis"
    if not sample.exists():
        pytest.skip("Debian's clamav-testfiles is not installed")
    members = opened(sis.members, sample.read_bytes())
    assert contents(members) == {("!:\\clam.exe",): (SAMPLES / "clam.exe").read_bytes()}
    assert members[0].listed is not None
    assert (members[0].listed.packed, members[0].listed.size) == (262, 544)


@pytest.mark.parametrize(("flags", "version"), [(1, 200), (0, 200), (9, 200), (0, 100), (8, 100)])
def test_packed_and_stored_files_of_old_and_new_installers_come_out(flags: int, version: int) -> None:
    members = opened(sis.members, make_sis(FILES, flags, version))
    assert contents(members) == {(name,): content for name, content in FILES}
    assert remarks(members) == []


def test_conditions_and_options_between_files_are_passed_over() -> None:
    made = make_sis([("one", b"1")])
    option = struct.pack("<LL", 2, 1) + bytes(8 + 16)
    condition = struct.pack("<LL", 3, 5) + bytes(5) + struct.pack("<LL", 4, 1) + b"x" + struct.pack("<L", 5)
    at = len(made)
    entry = made[80 : 80 + 48]
    made = made[:20] + struct.pack("<H", 5) + made[22:52] + struct.pack("<L", at) + made[56:]
    members = opened(sis.members, made + option + condition + entry)
    assert contents(members) == {("one",): b"1"}


def test_the_fields_of_release_9_are_found_wherever_they_are() -> None:
    made = b"\x7a\x1a\x20\x10" + bytes(20) + field(b"controller") + b"abc" + field(b"x" * 500, is_stored=True)
    members = opened(sis.members, made + bytes(1 << 20) + field(b"last"))
    assert list(contents(members).values()) == [b"controller", b"x" * 500, b"last"]
    assert [member.listed.position for member in members if member.listed] == [1, 2, 3]


def test_a_package_of_release_9_without_a_field_is_damage() -> None:
    assert remarks(opened(sis.members, b"\x7a\x1a\x20\x10" + bytes(500))) == ["damaged: cannot be unpacked"]


def test_a_kind_of_record_that_is_none_ends_it_with_a_remark() -> None:
    made = bytearray(make_sis(FILES))
    made[80 + 48] = 77
    members = opened(sis.members, bytes(made))
    assert list(contents(members)) == [("!:\\one.exe",)]
    assert remarks(members) == ["damaged after member 1"]


def test_fields_in_fields_end() -> None:
    made = b"\x7a\x1a\x20\x10" + bytes(12)
    inner = b""
    for _ in range(300):
        inner = field(inner, is_stored=True)
    assert len(opened(sis.members, made + inner * 10, limits=SMALL)) <= 60
