"""The one way to a program's headers."""

from garrison.engine.programs import elf, macho, pe
from garrison.engine.programs.program import Program
from garrison.engine.type import Type

_READERS = {Type.PE: pe.read, Type.ELF: elf.read, Type.MACHO: macho.read}


def read_program(content: bytes, kind: Type) -> Program | None:
    """Return what the headers of a PE, ELF or Mach-O program say, or None when it is none or they are nonsense."""
    read = _READERS.get(kind)
    return read(content) if read is not None else None
