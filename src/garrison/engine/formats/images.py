"""Packages and images of disks: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import (
    appimage,
    ar,
    cpio,
    dmg,
    hfs_plus,
    installshield,
    installshield_setup,
    iso,
    rpm,
    sis,
    squashfs,
    udf,
    xar,
)
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.AR: (ar.members,),
    Type.CPIO: (cpio.members,),
    Type.RPM: (rpm.members,),
    Type.ISO: (iso.members,),
    Type.UDF: (udf.members,),
    Type.XAR: (xar.members,),
    Type.DMG: (dmg.members,),
    Type.HFS_PLUS: (hfs_plus.members,),
    Type.SIS: (sis.members,),
    Type.INSTALLSHIELD: (installshield.members,),
    Type.SQUASHFS: (squashfs.members,),
    # Programs with an image of their own behind them; the family of programs has their other openers.
    Type.ELF: (appimage.members,),
    Type.PE: (installshield_setup.members,),
}
CLOSED: Mapping[Type, str] = {}
