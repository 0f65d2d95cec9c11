"""The resources and the version information of PE programs."""

from garrison.engine.programs import pe
from garrison.engine.programs.program import Program
from tests.engine.programs import making


def read(leaves: list[tuple[int, bytes]]) -> tuple[bytes, Program]:
    content = making.pe((b".rsrc", making.resources(0x1000, leaves), making.DATA), directories={2: (0x1000, 40)})
    program = pe.read(content)
    assert program is not None
    return content, program


def test_every_leaf_is_told() -> None:
    content, program = read([(10, b"first"), (3, b"second!")])
    assert [content[at : at + size] for _, _, at, size in program.resources] == [b"first", b"second!"]
    assert [(kind, name) for kind, name, _, _ in program.resources] == [("10", "1"), ("3", "1")]


def test_version_strings_are_told_with_their_values() -> None:
    content, program = read([(16, making.version(("CompanyName", "Somebody"), ("FileVersion", "1.2")))])
    texts = [content[at : at + size].decode("utf-16-le") for at, size in program.version_strings]
    assert [text.replace("\x00", " ").split() for text in texts] == [
        ["CompanyName", "Somebody"],
        ["FileVersion", "1.2"],
    ]


def test_a_tree_that_bites_its_tail_ends() -> None:
    tree = bytes(14) + b"\xff\xff" + (b"\x01\x00\x00\x00" + b"\x00\x00\x00\x80") * 3000
    program = pe.read(making.pe((b".rsrc", tree, making.DATA), directories={2: (0x1000, 40)}))
    assert program is not None
    assert len(program.resources) <= 2048
