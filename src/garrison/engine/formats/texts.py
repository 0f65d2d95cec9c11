"""Mails, pages and scripts: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import binhex, mail, mbox, tnef, uuencode
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.EMAIL: (mail.members,),
    Type.MBOX: (mbox.members,),
    Type.TNEF: (tnef.members,),
    Type.UUENCODE: (uuencode.members,),
    Type.BINHEX: (binhex.members,),
}
CLOSED: Mapping[Type, str] = {}
