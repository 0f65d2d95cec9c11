"""Archives and compressed files: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import (
    alz,
    apple_double,
    arj,
    bzip2,
    cab,
    chm,
    compress,
    egg,
    gzip,
    lha,
    lz4,
    lzip,
    macbinary,
    rar,
    seven_zip,
    szdd,
    tar,
    xz,
    zip,  # noqa: A004 # the format's name is its file's
    zstd,
)
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
    Type.SEVEN_ZIP: (seven_zip.members,),
    Type.RAR: (rar.members,),
    Type.ARJ: (arj.members,),
    Type.ALZ: (alz.members,),
    Type.EGG: (egg.members,),
    Type.APPLE_DOUBLE: (apple_double.members,),
    Type.MACBINARY: (macbinary.members,),
    Type.LHA: (lha.members,),
    Type.LZ4: (lz4.members,),
    Type.LZIP: (lzip.members,),
    Type.COMPRESS: (compress.members,),
    Type.CAB: (cab.members,),
    Type.CHM: (chm.members,),
    Type.SZDD: (szdd.members,),
}
CLOSED: Mapping[Type, str] = {}
