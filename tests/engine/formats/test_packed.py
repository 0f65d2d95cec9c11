"""Packed programs."""

from pathlib import Path

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import packed
from garrison.engine.formats.carve import carve
from garrison.engine.formats.zip import members as zip_members
from garrison.engine.formats.zip_directory import has_directory
from garrison.engine.guard import Guard
from garrison.engine.programs.pe import read_headers
from garrison.engine.source import Source
from tests.engine.emulation.running import PACKER, PLAIN, xored
from tests.engine.opening import Spent, contents, opened, remarks
from tests.engine.programs import making

SAMPLES = Path("/usr/share/clamav-testfiles")
NAMES = ("upx", "aspack", "mew", "petite", "upack", "wwpack", "yc", "pespin")


def test_a_packed_program_comes_out_unpacked() -> None:
    members = opened(packed.members, xored())
    assert [member.names for member in members] == [("(unpacked: emulated)",)]
    assert all(member.is_derived for member in members)
    assert PLAIN in contents(members)[("(unpacked: emulated)",)]


def test_what_came_out_is_not_run_again() -> None:
    content = xored()
    guard = Guard(Limits(), Unbounded(), len(content))
    (image,) = [member.content for member in packed.members(Source(content), guard, "")]
    assert image is not None
    assert list(packed.members(Source(image), guard, "")) == []


def test_the_instructions_of_one_file_are_bounded() -> None:
    content = xored()
    guard = Guard(Limits(), Unbounded(), len(content))
    guard.emulated = 1 << 40
    assert list(packed.members(Source(content), guard, "")) == []


def test_an_ordinary_program_does_not_look_packed() -> None:
    plain = making.pe((b".text", b"\x90" * 40, making.EXECUTABLE), (b".data", b"x", making.DATA))
    writable = making.pe((b".text", b"\x90" * 40, PACKER), (b".data", b"x", making.DATA))
    for content, expected in ((plain, False), (writable, True), (xored(), True)):
        headers = read_headers(content)
        assert headers is not None
        assert packed.looks_packed(headers) == expected


def test_the_end_of_the_time_is_said() -> None:
    content = making.pe((b".pack", b"\xeb\xfe", PACKER), entry=0x1000)
    assert remarks(opened(packed.members, content, budget=Spent(1))) == ["limit reached: time"]


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="clamav-testfiles is not installed")
@pytest.mark.parametrize("name", NAMES)
def test_the_packed_samples_hold_their_program(name: str) -> None:
    content = (SAMPLES / f"clam-{name}.exe").read_bytes()
    code = (SAMPLES / "clam.exe").read_bytes()[:0x80]
    found = list(contents_within(content))
    assert any(code in each for each in found)


def contents_within(content: bytes) -> list[bytes]:
    """Return what a packed program holds: itself unpacked, or a zip in it with a program."""
    guard = Guard(Limits(), Unbounded(), len(content))
    images = [member.content or b"" for member in packed.members(Source(content), guard, "")]
    parts = [part.content or b"" for image in images for part in carve(Source(image), 64, len(image), guard)]
    zips = [part for part in (*parts, *images) if part.startswith(b"PK") or has_directory(Source(part))]
    return images + [member.content or b"" for each in zips for member in zip_members(Source(each), guard, "")]
