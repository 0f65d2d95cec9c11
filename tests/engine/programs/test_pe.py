"""PE programs: their headers."""

import hashlib

from garrison.engine.programs import pe
from tests.engine.programs import making


def test_the_entry_point_is_an_offset_in_the_file() -> None:
    program = pe.read(making.pe((b".text", b"\x90" * 600, making.EXECUTABLE), entry=0x1010))
    assert program is not None
    assert (program.entry_point, program.entry_address) == (0x410, 0x1010)
    assert program.subtype == "PE32 program, x86"
    assert program.image_base == 0x400000
    assert not program.is_library


def test_a_library_for_64_bits_is_told() -> None:
    program = pe.read(making.pe((b".text", b"\xc3", making.EXECUTABLE), is_64=True, flags=0x2022))
    assert program is not None
    assert program.subtype == "PE32+ DLL, x86-64"
    assert program.is_64
    assert program.is_library
    assert program.image_base == 0x140000000


def test_sections_are_told_with_their_rights() -> None:
    content = making.pe((b".text", b"\x90" * 600, making.EXECUTABLE), (b".data", b"x", making.DATA))
    program = pe.read(content)
    assert program is not None
    code, data = program.sections
    assert (code.name, code.offset, code.size, code.address, code.is_executable) == (".text", 0x400, 1024, 0x1000, True)
    assert (data.name, data.offset, data.size, data.is_writable) == (".data", 0x800, 512, True)


def test_what_follows_the_sections_is_the_overlay() -> None:
    program = pe.read(making.pe((b".text", b"\x90", making.EXECUTABLE), behind=b"something"))
    assert program is not None
    assert program.overlay == 0x600


def test_a_certificate_is_told_from_other_overlays() -> None:
    content = making.pe((b".text", b"\x90", making.EXECUTABLE), directories={4: (0x600, 9000)}, behind=b"signed")
    program = pe.read(content)
    assert program is not None
    assert program.certificate == (0x600, 6)


def test_nothing_but_a_pe_program_is_read() -> None:
    for content in (b"", b"MZ", b"MZ".ljust(64, b"\x00"), b"PE\x00\x00" * 40):
        assert pe.read(content) is None


def test_facts_that_take_time_are_read_when_asked_for() -> None:
    content = making.pe(
        (b".idata", making.imports(0x1000, {b"KERNEL32.DLL": [b"ExitProcess"]}), making.DATA),
        directories={1: (0x1000, 40)},
    )
    program = pe.read(content)
    assert program is not None
    assert program.imports == (("KERNEL32.DLL", "ExitProcess"),)
    assert program.import_hash == hashlib.md5(b"kernel32.exitprocess").digest()
    assert (program.resources, program.version_strings) == ((), ())
