"""Programs: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import autoit, carve, nsis, overlay, packed, pe_parts, universal, upx
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.PE: (pe_parts.members, nsis.members, packed.members),
    Type.ELF: (overlay.members, upx.members_of_elf),
    Type.MACHO: (universal.members,),
    Type.AUTOIT: (autoit.members,),
    Type.DATA: (carve.members,),
}
CLOSED: Mapping[Type, str] = {}
