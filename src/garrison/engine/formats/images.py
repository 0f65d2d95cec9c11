"""Packages and images of disks: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.late import opener
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.AR: (opener("ar"),),
    Type.CPIO: (opener("cpio"),),
    Type.RPM: (opener("rpm"),),
    Type.ISO: (opener("iso"),),
    Type.UDF: (opener("udf"),),
    Type.XAR: (opener("xar"),),
    Type.DMG: (opener("dmg"),),
    Type.HFS_PLUS: (opener("hfs_plus"),),
    Type.SIS: (opener("sis"),),
    Type.INSTALLSHIELD: (opener("installshield"),),
    Type.SQUASHFS: (opener("squashfs"),),
    Type.DISK: (opener("disk"), opener("fat", "members_of_disk")),
    Type.FAT: (opener("fat"),),
    # Programs with an image of their own behind them; the family of programs has their other openers.
    Type.ELF: (opener("appimage"),),
    Type.PE: (opener("installshield_setup"),),
}
CLOSED: Mapping[Type, str] = {}
