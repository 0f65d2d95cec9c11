"""InstallShield's setup programs."""

import random
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats import installshield_setup
from tests.engine.forms_images import make_shield
from tests.engine.opening import SMALL, contents, opened, remarks

SAMPLES = Path("/usr/share/clamav-testfiles")


def program(overlay: bytes) -> bytes:
    """Return the headers of a PE program with one section, and what is behind it."""
    head = b"MZ".ljust(60, b"\x00") + struct.pack("<L", 64)
    head += struct.pack("<4sHH12xHH", b"PE\x00\x00", 0x14C, 1, 0, 2)
    return head + struct.pack("<8sLLLL16x", b".text", 0, 0, 16, 128) + b"!" * 16 + overlay


def mix(name: str, data: bytes, period: int = 1024) -> bytes:
    key = [0xFF ^ byte ^ b"\x13\x35\x86\x07"[place % 4] for place, byte in enumerate(name.encode())]
    mixed = bytes(byte ^ key[place % period % len(key)] for place, byte in enumerate(data))
    return bytes((byte << 4 | byte >> 4) & 0xFF for byte in mixed)


def streamed(name: str, data: bytes, flags: int, extra: int = 0) -> bytes:
    text = name.encode("utf-16-le")
    return struct.pack("<LLHL10x", len(text), flags, 0, len(data)) + bytes(extra) + text + data


def masked(name: str, content: bytes) -> bytes:
    mixed = mix(name, zlib.compress(content))
    return struct.pack("<260sLLL40x", name.encode(), 6, 0, len(mixed)) + mixed


def carried(name: str, content: bytes) -> bytes:
    return b"\x00".join((name.encode(), b"Disk1\\" + name.encode(), b"1.0", b"%d" % len(content), content))


def mark(count: int) -> bytes:
    return b"InstallShield\x00" + struct.pack("<L28x", count)


@pytest.mark.parametrize("name", ["IScab_ext", "IScab_int", "ISmsi_ext"])
def test_foreign_samples_are_opened(name: str) -> None:
    sample = SAMPLES / f"clam_{name}.exe"
    if not sample.exists():
        pytest.skip("Debian's clamav-testfiles is not installed")
    members = opened(installshield_setup.members, sample.read_bytes())
    assert (SAMPLES / "clam.exe").read_bytes() in contents(members).values()
    assert remarks(members) == []


def test_masked_files_come_out_however_long() -> None:
    noise = random.Random(1).randbytes(300_000)
    made = program(b"NB10" + bytes(50) + mark(2) + masked("setup.ini", b"text") + masked("a.msi", noise))
    members = opened(installshield_setup.members, made)
    assert contents(members) == {("setup.ini",): b"text", ("a.msi",): noise}
    assert [member.listed.position for member in members if member.listed] == [1, 2]


@pytest.mark.parametrize(("form", "extra"), [(1, 0), (4, 24)])
def test_the_files_of_a_stream_come_out(form: int, extra: int) -> None:
    noise = random.Random(2).randbytes(5000)
    files = streamed("setup.ini", b"xml", 0, extra)
    files += streamed("ä.msi", mix("ä.msi", zlib.compress(noise)), 6, extra)
    files += streamed("whole", mix("whole", noise, len("whole") * 10_000), 2, extra)
    made = program(b"ISSetupStream\x00" + struct.pack("<HL26x", 3, form) + files)
    members = opened(installshield_setup.members, made)
    assert contents(members) == {("setup.ini",): b"xml", ("ä.msi",): noise, ("whole",): noise}
    cut = opened(installshield_setup.members, made[:-6000])
    assert remarks(cut) == ["damaged: ends too early", "damaged after member 2"]


def test_a_list_with_a_cabinet_is_opened_down_to_its_files() -> None:
    made = program(carried("setup.ini", b"text") + carried("data1.cab", make_shield(b"inside")))
    members = opened(installshield_setup.members, made)
    assert contents(members) == {("setup.ini",): b"text", ("data1.cab", "inner"): b"inside"}


def test_volumes_without_their_header_are_said() -> None:
    volume = b"ISc(" + struct.pack("<LLLL", 0x01009500, 0, 512, 0) + bytes(100)
    members = opened(installshield_setup.members, program(carried("data2.cab", volume)))
    assert [(member.names, member.remark) for member in members] == [
        (("volume 2",), "not opened: its list of members is in another file")
    ]


@pytest.mark.parametrize("content", [program(b""), program(b"anything"), b"MZ", b"", b"MZ" * 100])
def test_other_programs_have_nothing_to_yield(content: bytes) -> None:
    assert opened(installshield_setup.members, content) == []


def test_a_count_that_is_too_high_ends_with_a_remark() -> None:
    members = opened(installshield_setup.members, program(mark(1 << 31) + masked("x", b"1")))
    assert remarks(members) == ["damaged after member 1"]


@settings(max_examples=60, deadline=None)
@given(flips=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=6), cut=st.integers(0, 3000))
def test_any_damage_is_survived(flips: list[tuple[int, int]], cut: int) -> None:
    stream = b"ISSetupStream\x00" + struct.pack("<HL26x", 2, 1) + streamed("a", b"1", 0) + streamed("b", b"2" * 99, 6)
    shield = mark(2) + masked("a", b"1" * 99) + masked("b", b"2")
    for overlay in (shield, stream, carried("data1.cab", make_shield(b"x" * 999))):
        content = bytearray(program(overlay))
        for at, value in flips:
            content[at % len(content)] ^= value
        opened(installshield_setup.members, bytes(content[: len(content) - cut]), limits=SMALL)
