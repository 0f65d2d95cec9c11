"""Documents: their openers."""

from collections.abc import Mapping

from garrison.engine.formats.late import opener
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.OLE: (opener("ole_streams"),),
    Type.PDF: (opener("pdf"),),
    Type.RTF: (opener("rtf"),),
    Type.ONENOTE: (opener("onenote"),),
    Type.LNK: (opener("lnk"),),
    Type.JAVA_CLASS: (opener("java"),),
    Type.PYC: (opener("pyc"),),
    Type.XML: (opener("ooxml"), opener("odf")),
}
CLOSED: Mapping[Type, str] = {}
