"""Documents: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import java, lnk, odf, ole_streams, onenote, ooxml, pdf, pyc, rtf
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.OLE: (ole_streams.members,),
    Type.PDF: (pdf.members,),
    Type.RTF: (rtf.members,),
    Type.ONENOTE: (onenote.members,),
    Type.LNK: (lnk.members,),
    Type.JAVA_CLASS: (java.members,),
    Type.PYC: (pyc.members,),
    Type.XML: (ooxml.members, odf.members),
}
CLOSED: Mapping[Type, str] = {}
