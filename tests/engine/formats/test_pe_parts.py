"""What lies in a PE program."""

from garrison.engine.formats import pe_parts
from tests.engine.opening import contents, opened
from tests.engine.programs import making

INNER = making.pe((b".text", b"\xc3" * 40, making.EXECUTABLE))


def test_a_program_in_a_resource_comes_once() -> None:
    content = making.pe(
        (b".rsrc", making.resources(0x1000, [(10, INNER), (3, b"icon" * 10), (10, b"text " * 9)]), making.DATA),
        directories={2: (0x1000, 40)},
    )
    assert contents(opened(pe_parts.members, content)) == {("resource 10/1",): INNER}


def test_a_program_in_a_section_is_found() -> None:
    content = making.pe((b".text", b"\x90" * 40, making.EXECUTABLE), (b".data", b"key." + INNER, making.DATA))
    assert any(INNER in each for each in contents(opened(pe_parts.members, content)).values())


def test_an_older_program_is_looked_through_as_well() -> None:
    content = b"MZ".ljust(60, b"\x00") + (64).to_bytes(4, "little") + b"NE" + bytes(100) + INNER
    assert any(INNER in each for each in contents(opened(pe_parts.members, content)).values())
