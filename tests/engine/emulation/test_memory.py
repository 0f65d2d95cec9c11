"""The emulated memory."""

import pytest

from garrison.engine.emulation.memory import Fault, Memory, Region


def memory() -> Memory:
    return Memory(Region(0x1000, bytearray(16)))


def test_what_is_written_is_read_and_marked() -> None:
    held = memory()
    held.write32(0x1004, 0x11223344)
    held.write16(0x1008, 0x5566)
    held.write8(0x100A, 0x77)
    assert held.read(0x1004, 7) == b"\x44\x33\x22\x11\x66\x55\x77"
    assert (held.read32(0x1004), held.read16(0x1008), held.read8(0x100A)) == (0x11223344, 0x5566, 0x77)
    assert bytes(held.image.dirty) == bytes(4) + b"\x01" * 7 + bytes(5)


@pytest.mark.parametrize("address", [0, 0xFFF, 0x100D, 0xFFFFFFFE])
def test_there_is_nothing_outside(address: int) -> None:
    with pytest.raises(Fault):
        memory().read32(address)
    with pytest.raises(Fault):
        memory().write32(address, 1)


def test_code_that_is_written_over_is_forgotten() -> None:
    held = memory()
    held.steps[0x1002] = lambda: 0
    held.decoded(0x1002, 3)
    held.write8(0x1005, 1)
    assert 0x1002 in held.steps
    held.write8(0x1004, 1)
    assert held.steps == {}


def test_text_ends_where_memory_ends() -> None:
    held = memory()
    held.write(0x100C, b"abcd")
    assert held.text(0x100C) == "abcd"
