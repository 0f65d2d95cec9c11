"""The executables of the conformance suite."""

from garrison.engine.formats import autoit, overlay, pe_parts, universal
from garrison.engine.type import Type
from tests.engine.formats.autoit_writing import compiled
from tests.engine.forms import Form
from tests.engine.programs import making


def behind_pe(content: bytes) -> bytes:
    return making.pe((b".text", b"\x90" * 40, making.EXECUTABLE), behind=content)


def behind_elf(content: bytes) -> bytes:
    return making.elf(b"\x90" * 40) + content


def in_universal(content: bytes) -> bytes:
    return making.universal(making.macho(b"\x90" * 40, is_64=False), making.macho(b"\xc3" * 40) + content)


def in_script(content: bytes) -> bytes:
    return compiled(b"AU3!EA05", ("file", "C:\\file", content))


FORMS: tuple[Form, ...] = (
    Form(Type.PE, pe_parts.members, behind_pe, is_exact=False, can_bomb=False),
    Form(Type.ELF, overlay.members, behind_elf, is_exact=False, can_bomb=False),
    Form(Type.MACHO, universal.members, in_universal, is_exact=False, can_bomb=False),
    Form(Type.AUTOIT, autoit.members, in_script, can_bomb=False),
)
