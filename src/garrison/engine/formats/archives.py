"""Archives and compressed files: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import bzip2, gzip, tar, xz, zip, zstd  # noqa: A004 # the format's name is its file's
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.ZIP: (zip.members,),
    Type.TAR: (tar.members,),
    Type.GZIP: (gzip.members,),
    Type.BZIP2: (bzip2.members,),
    Type.XZ: (xz.members,),
    Type.LZMA: (xz.members_of_lzma,),
    Type.ZSTD: (zstd.members,),
}
CLOSED: Mapping[Type, str] = {
    Type.SEVEN_ZIP: "not opened: 7z archive",
    Type.RAR: "not opened: RAR archive",
}
