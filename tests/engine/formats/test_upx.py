"""Programs packed by UPX."""

import struct
from pathlib import Path

import pytest

from garrison.engine.formats import upx
from garrison.engine.formats.upx_codecs import NRV2E
from garrison.engine.programs import pe
from tests.engine.formats.upx_packing import METHODS, pack
from tests.engine.opening import SMALL, Spent, contents, opened, remarks
from tests.engine.programs import making

SAMPLES = Path("/usr/share/clamav-testfiles")
CODE = b"".join(b"instruction %d;" % (number % 99) for number in range(500))


def packed_pe(method: int, *, is_marked: bool = True) -> bytes:
    original = making.pe((b".text", CODE, making.EXECUTABLE), (b".data", b"data here", making.DATA), entry=0x1010)
    image = (CODE.ljust(0x2000, b"\x00") + b"data here").ljust(0x3000, b"\x00")
    image += original[64 : 64 + 248 + 80] + (0x3000).to_bytes(4, "little")
    packed = pack(method, image)
    header = struct.pack("<4sBBBBIIIIIBBBB", b"UPX!", 13, 9, method, 9, 0, 0, len(image), len(packed), 0, 0, 0, 0, 0)
    # A section of no bytes in the file comes first; what is packed lies in the second.
    content = making.pe(
        (b"UPX0", b"", making.EXECUTABLE), (b"UPX1", (header if is_marked else b"") + packed, 0xE0000040)
    )
    at = content.index(b"UPX0") + 8
    return content[:at] + (0x1000).to_bytes(4, "little") + content[at + 4 :]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("is_marked", [True, False])
def test_a_program_comes_out_as_it_went_in(method: int, is_marked: bool) -> None:
    content = packed_pe(method, is_marked=is_marked)
    if not is_marked:
        at = content.index(b"UPX1") + 8
        content = content[:at] + (0x8000).to_bytes(4, "little") + content[at + 4 :]
    (image,) = contents(opened(upx.members_of_pe, content)).values()
    program = pe.read(image)
    assert program is not None
    assert CODE in image
    assert [section.name for section in program.sections] == [".text", ".data"]
    assert program.entry_point == 0x410


def test_an_elf_is_put_together_from_its_blocks() -> None:
    original = making.elf(CODE, names=())
    blocks = b""
    for number, run in enumerate((original[:0x78], original[0x78:])):
        packed = pack(NRV2E, run) if number else run
        blocks += struct.pack("<IIBBBB", len(run), len(packed), NRV2E, 0, 0, 0) + packed
    blocks += struct.pack("<II4x", 0, 0x21585055)
    packed_program = original[:0x78] + struct.pack("<I4sHBB", 0, b"UPX!", 0, 13, 22)
    packed_program += struct.pack("<III", 0, len(original), 4096) + blocks
    assert list(contents(opened(upx.members_of_elf, packed_program)).values()) == [original]
    for at in range(0, len(packed_program), 97):
        opened(upx.members_of_elf, packed_program[:at])


def test_others_are_let_alone() -> None:
    assert opened(upx.members_of_pe, making.pe((b".text", CODE, making.EXECUTABLE))) == []
    assert opened(upx.members_of_elf, making.elf(CODE)) == []


def test_damage_is_survived() -> None:
    content = packed_pe(NRV2E)
    for at in range(0x400, len(content), 53):
        opened(upx.members_of_pe, content[:at])
        opened(upx.members_of_pe, content[:at] + b"\xff\x00\xff" + content[at + 3 :])


def test_the_end_of_the_time_is_said() -> None:
    members = opened(upx.members_of_pe, packed_pe(NRV2E), budget=Spent(0))
    assert remarks(members) == ["limit reached: time"]


def test_a_hole_in_an_elf_is_no_larger_than_an_object() -> None:
    head = making.elf(CODE, names=())[:0x78]
    head = head[:0x48] + (1 << 20).to_bytes(8, "little") + head[0x50:]  # where the first segment lies
    blocks = b"".join(struct.pack("<IIBBBB", len(run), len(run), NRV2E, 0, 0, 0) + run for run in (head, b"code"))
    start = head + struct.pack("<I4sHBB", 0, b"UPX!", 0, 13, 22) + bytes(12)
    assert list(contents(opened(upx.members_of_elf, start + blocks, limits=SMALL)).values()) == [head + b"code"]


def test_sections_that_lie_over_each_other_are_no_bomb() -> None:
    original = making.pe(*[(b".text", CODE, making.EXECUTABLE)] * 20)
    at = original.index(b"PE\0\0")
    image = bytearray(CODE.ljust(0x8000, b"\x00") + original[at : at + 248 + 20 * 40] + (0x8000).to_bytes(4, "little"))
    for number in range(20):
        struct.pack_into("<II", image, 0x8000 + 248 + 40 * number + 8, 0x8000, 0x1000)
    packed = pack(NRV2E, bytes(image))
    header = struct.pack("<4s4B5I5B", b"UPX!", 13, 9, NRV2E, 9, 0, 0, len(image), len(packed), 0, 0, 0, 0, 0, 0)[:32]
    content = making.pe((b"UPX0", b"", making.EXECUTABLE), (b"UPX1", header + packed, 0xE0000040))
    (program,) = contents(opened(upx.members_of_pe, content, limits=SMALL)).values()
    assert len(program) < 2 * len(image)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="clamav-testfiles is not installed")
def test_the_packed_sample_holds_its_program() -> None:
    (image,) = contents(opened(upx.members_of_pe, (SAMPLES / "clam-upx.exe").read_bytes())).values()
    assert (SAMPLES / "clam.exe").read_bytes()[:0x1F8] in image
