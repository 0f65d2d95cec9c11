"""Reading any program, or what pretends to be one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.programs.reader import read_program
from garrison.engine.type import Type
from tests.engine.programs import making

SAMPLES = {
    Type.PE: making.pe(
        (b".text", b"\x90" * 40, making.EXECUTABLE),
        (b".idata", making.imports(0x2000, {b"a.dll": [b"b", 7]}), making.DATA),
        (b".rsrc", making.resources(0x3000, [(16, making.version(("Name", "Value")))]), making.DATA),
        directories={1: (0x2000, 40), 2: (0x3000, 40)},
    ),
    Type.ELF: making.elf(b"\x90" * 40),
    Type.MACHO: making.macho(b"\x90" * 40),
}


def look(content: bytes, kind: Type) -> None:
    program = read_program(content, kind)
    if program is None:
        return
    assert -1 <= program.entry_point < len(content)
    assert 0 <= program.overlay <= len(content)
    for section in program.sections:
        assert 0 <= section.offset <= section.offset + section.size <= len(content)
    for _, _, offset, size in program.resources:
        assert 0 <= offset < offset + size <= len(content)
    assert len(program.imports) <= 8192
    assert len(program.import_hash) in {0, 16}
    assert all(0 <= at < at + size <= len(content) for at, size in program.version_strings)


def test_a_document_is_no_program() -> None:
    assert read_program(b"%PDF-", Type.PDF) is None


def test_every_beginning_is_survived() -> None:
    for kind, content in SAMPLES.items():
        for at in range(0, len(content), 7):
            look(content[:at], kind)


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(sorted(SAMPLES)),
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), min_size=1, max_size=6),
)
def test_any_change_is_survived(kind: Type, changes: list[tuple[int, bytes]]) -> None:
    content = bytearray(SAMPLES[kind])
    for at, value in changes:
        start = at % (len(content) - 4)
        content[start : start + len(value)] = value
    look(bytes(content), kind)
