"""Mails, pages and scripts: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import binhex, html, mail, mbox, scripts, tnef, uuencode
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

_LANGUAGES = (
    Type.JAVASCRIPT,
    Type.VBSCRIPT,
    Type.POWERSHELL,
    Type.BATCH,
    Type.SHELL,
    Type.PYTHON,
    Type.PERL,
    Type.RUBY,
    Type.PHP,
    Type.SCRIPT,
    Type.TEXT,
)
OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.EMAIL: (mail.members,),
    Type.MBOX: (mbox.members,),
    Type.TNEF: (tnef.members,),
    Type.UUENCODE: (uuencode.members,),
    Type.BINHEX: (binhex.members,),
    Type.HTML: (html.members,),
    Type.SVG: (html.members,),
    **{kind: (scripts.opener(kind),) for kind in _LANGUAGES},
}
CLOSED: Mapping[Type, str] = {}
