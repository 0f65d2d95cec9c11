"""Programs: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.late import opener
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.PE: (opener("pe_parts"), opener("nsis"), opener("packed")),
    Type.ELF: (opener("overlay"), opener("upx", "members_of_elf")),
    Type.MACHO: (opener("universal"),),
    Type.AUTOIT: (opener("autoit"),),
    Type.DATA: (opener("carve"),),
}
CLOSED: Mapping[Type, str] = {}
