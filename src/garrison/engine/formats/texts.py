"""Mails, pages and scripts: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.late import opener
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
    Type.EMAIL: (opener("mail"),),
    Type.MBOX: (opener("mbox"),),
    Type.TNEF: (opener("tnef"),),
    Type.UUENCODE: (opener("uuencode"),),
    Type.BINHEX: (opener("binhex"),),
    Type.HTML: (opener("html"),),
    Type.SVG: (opener("html"),),
    **{kind: (opener("scripts", "opener", kind),) for kind in _LANGUAGES},
}
CLOSED: Mapping[Type, str] = {}
