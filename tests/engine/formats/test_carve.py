"""What lies inside bytes of no known type."""

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import carve
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from tests.engine.opening import contents, opened
from tests.engine.programs import making

PROGRAM = making.pe((b".text", b"\x90" * 600, making.EXECUTABLE))
ELF = making.elf(b"\x90" * 60)
CAB = b"MSCF" + bytes(4) + (60).to_bytes(4, "little") + bytes(12) + b"\x03\x01" + bytes(34)


def test_programs_and_archives_are_found_where_they_lie() -> None:
    padding = b"\x11" * 5000
    content = padding + PROGRAM + padding + ELF + CAB + padding
    found = contents(opened(carve.members, content))
    assert [each[: len(PROGRAM)] for name, each in found.items() if "0x1388" in name[0]] == [PROGRAM]
    assert [each for name, each in found.items() if "cab" in name[0]] == [CAB]
    assert ELF in found.values()


def test_a_signature_without_its_header_is_nothing() -> None:
    assert opened(carve.members, b"\x00" + b"MZ\x7fELF" * 30_000 + b"PK\x03\x04ISc(MSCF" * 100) == []


def test_what_is_known_already_is_left_out() -> None:
    guard = Guard(Limits(), Unbounded(), 10_000)
    content = bytes(100) + ELF
    assert list(carve.carve(Source(content), 0, len(content), guard, {100})) == []
    assert len(list(carve.carve(Source(content), 0, len(content), guard))) == 1


def test_how_many_are_taken_is_bounded() -> None:
    assert len(opened(carve.members, b"\x00" + ELF * 500)) <= 32
