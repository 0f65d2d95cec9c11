"""Mach-O programs."""

import pytest

from garrison.engine.programs import macho
from tests.engine.programs import making


@pytest.mark.parametrize("is_64", [True, False])
def test_entry_point_and_sections_are_read(is_64: bool) -> None:
    program = macho.read(making.macho(b"\x90" * 40, is_64=is_64) + b"behind")
    assert program is not None
    assert program.entry_point == 0x200
    assert program.is_64 == is_64
    assert [(section.name, section.offset, section.size) for section in program.sections] == [("__text", 0x200, 40)]
    assert program.overlay == 0x228


def test_a_universal_program_is_told_by_its_parts() -> None:
    first, second = making.macho(b"a" * 10, is_64=False), making.macho(b"b" * 10)
    content = making.universal(first, second)
    assert macho.read(content) is None
    assert [content[at : at + size] for _, at, size in macho.slices(content, len(content))] == [first, second]
    assert [machine for machine, _, _ in macho.slices(content, len(content))] == ["x86", "ARM"]
    assert macho.slices(first, len(first)) == ()
