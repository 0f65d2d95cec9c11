"""The executables of the conformance suite."""

from garrison.engine.formats import carve, overlay, pe_parts, universal
from garrison.engine.type import Type
from tests.engine.forms import Form
from tests.engine.programs import making


def behind_pe(content: bytes) -> bytes:
    return making.pe((b".text", b"\x90" * 40, making.EXECUTABLE), behind=content)


def in_resource(content: bytes) -> bytes:
    page = making.resources(0x1000, [(23, b"<!DOCTYPE html><html><body><pre>" + content + b"</pre></body></html>")])
    return making.pe((b".rsrc", page, making.DATA), directories={2: (0x1000, 40)})


def behind_elf(content: bytes) -> bytes:
    return making.elf(b"\x90" * 40) + content


def in_universal(content: bytes) -> bytes:
    return making.universal(making.macho(b"\x90" * 40, is_64=False), making.macho(content))


def in_data(content: bytes) -> bytes:
    return b"\x01\x02\x03\x04" * 8 + making.elf(content)


FORMS: tuple[Form, ...] = (
    Form(Type.PE, pe_parts.members, behind_pe, is_exact=False, can_bomb=False),
    Form(Type.PE, pe_parts.members, in_resource, is_exact=False, can_bomb=False),
    Form(Type.ELF, overlay.members, behind_elf, is_exact=False, can_bomb=False),
    Form(Type.MACHO, universal.members, in_universal, is_exact=False, can_bomb=False),
    Form(Type.DATA, carve.members, in_data, is_exact=False, can_bomb=False),
)
