"""Volumes of InstallShield cabinets without their header."""

import random
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import installshield
from tests.engine.forms_images import shield_chunks
from tests.engine.opening import SMALL, contents, opened, remarks

SAMPLES = Path("/usr/share/clamav-testfiles")
NOISE = random.Random(6).randbytes(100_000)
NO_LIST = "not opened: its list of members is in another file"


def volume(*data: bytes) -> bytes:
    head = struct.pack("<4sLLLLL", b"ISc(", 0x01009500, 0, 512, 0, 512)
    return head.ljust(512, b"\x00") + b"".join(data)


def test_the_files_follow_each_other() -> None:
    members = opened(installshield.members, volume(shield_chunks(NOISE), shield_chunks(b"small"), shield_chunks(NOISE)))
    assert list(contents(members).values()) == [NOISE, b"small", NOISE]
    assert [member.listed.position for member in members if member.listed] == [1, 2, 3]
    assert remarks(members) == []


def test_what_is_stored_ends_it_and_is_said() -> None:
    members = opened(installshield.members, volume(shield_chunks(b"small"), b"\x05\x00stored without a chunk"))
    assert contents(members) == {("file 1",): b"small"}
    assert remarks(members) == [NO_LIST]


def test_a_volume_of_a_foreign_sample_is_opened() -> None:
    sample = SAMPLES / "clam_IScab_int.exe"
    if not sample.exists():
        pytest.skip("Debian's clamav-testfiles is not installed")
    content = sample.read_bytes()
    start = content.index(b"data2.cab\x00Disk1\\data2.cab\x000.0.0.0\x00770\x00")
    start = content.index(b"ISc(", start)
    members = opened(installshield.members, content[start : start + 770])
    assert contents(members) == {("file 1",): (SAMPLES / "clam.exe").read_bytes()}


@given(data=st.binary(max_size=300), at=st.integers(0, 600))
def test_any_bytes_are_survived(data: bytes, at: int) -> None:
    made = bytearray(volume(shield_chunks(NOISE[:100]), data))
    made[20:24] = struct.pack("<L", at)
    opened(installshield.members, bytes(made), limits=SMALL)
