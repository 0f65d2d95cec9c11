"""Programs written from memory."""

import pytest

from garrison.engine.programs import pe
from garrison.engine.programs.image import Part, write_image


@pytest.mark.parametrize("is_64", [True, False])
def test_what_is_written_is_a_program(is_64: bool) -> None:
    parts = [Part(b".text", 0x1000, b"\x90" * 700, 0x1000), Part(b".bss", 0x2000, bytes(9), 0x3000)]
    content = write_image(parts, 0x1004, 0x400000, is_64=is_64)
    program = pe.read(content)
    assert program is not None
    assert (program.entry_point, program.image_base, program.is_64) == (0x404, 0x400000, is_64)
    assert [(section.name, section.address, section.size) for section in program.sections] == [
        (".text", 0x1000, 1024),
        (".bss", 0x2000, 0),
    ]
    assert content[0x400 : 0x400 + 700] == b"\x90" * 700
