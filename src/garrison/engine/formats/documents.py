"""Documents: their openers."""

from collections.abc import Mapping

from garrison.engine.formats import ole_streams, pdf, rtf
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type

OPENERS: Mapping[Type, tuple[Opener, ...]] = {
    Type.OLE: (ole_streams.members,),
    Type.PDF: (pdf.members,),
    Type.RTF: (rtf.members,),
}
CLOSED: Mapping[Type, str] = {}
