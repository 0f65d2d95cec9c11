"""Packages and images of disks: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import ar, cpio, rpm
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.AR: (ar.members,),
    Type.CPIO: (cpio.members,),
    Type.RPM: (rpm.members,),
}
CLOSED: Mapping[Type, str] = {}
