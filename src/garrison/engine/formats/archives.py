"""Archives and compressed files: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.late import opener
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.ZIP: (opener("zip"),),
    Type.TAR: (opener("tar"),),
    Type.GZIP: (opener("gzip"),),
    Type.BZIP2: (opener("bzip2"),),
    Type.XZ: (opener("xz"),),
    Type.LZMA: (opener("xz", "members_of_lzma"),),
    Type.ZSTD: (opener("zstd"),),
    Type.SEVEN_ZIP: (opener("seven_zip"),),
    Type.RAR: (opener("rar"),),
    Type.ARJ: (opener("arj"),),
    Type.ALZ: (opener("alz"),),
    Type.EGG: (opener("egg"),),
    Type.APPLE_DOUBLE: (opener("apple_double"),),
    Type.MACBINARY: (opener("macbinary"),),
    Type.LHA: (opener("lha"),),
    Type.LZ4: (opener("lz4"),),
    Type.LZIP: (opener("lzip"),),
    Type.COMPRESS: (opener("compress"),),
    Type.CAB: (opener("cab"),),
    Type.CHM: (opener("chm"),),
    Type.SZDD: (opener("szdd"),),
}
CLOSED: Mapping[Type, str] = {}
