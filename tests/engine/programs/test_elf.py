"""ELF programs."""

import pytest

from garrison.engine.programs import elf
from tests.engine.programs import making


@pytest.mark.parametrize("is_64", [True, False])
@pytest.mark.parametrize("order", ["<", ">"])
def test_entry_point_and_sections_are_read(is_64: bool, order: str) -> None:
    content = making.elf(b"\x90" * 40, is_64=is_64, order=order)
    program = elf.read(content)
    assert program is not None
    assert program.entry_point == 0x100
    assert program.is_64 == is_64
    assert program.sections[0].name == ".text"
    assert (program.sections[0].offset, program.sections[0].size, program.sections[0].address) == (0x100, 40, 0x100)
    assert program.overlay == len(content)


def test_without_sections_its_segments_are_told() -> None:
    content = making.elf(b"\x90" * 40, names=())
    program = elf.read(content + b"behind")
    assert program is not None
    assert program.overlay == len(content)
    assert [(section.offset, section.is_executable) for section in program.sections] == [(0, True)]


def test_nothing_but_an_elf_program_is_read() -> None:
    assert elf.read(b"\x7fELF") is None
    assert elf.read(b"\x7fELF" + b"\x09" * 60) is None
