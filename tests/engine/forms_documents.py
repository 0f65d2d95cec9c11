"""The documents of the conformance suite."""

import zlib

from garrison.engine.formats import ole_streams, pdf, rtf
from garrison.engine.type import Type
from tests.engine.documents import make_ole, make_pdf, make_rtf, native
from tests.engine.forms import Form


def in_ole(content: bytes) -> bytes:
    return make_ole({"\x01CompObj": b"something", "storage/Contents": content})


def in_pdf(content: bytes) -> bytes:
    file = (b"/Type/EmbeddedFile/Filter/FlateDecode", zlib.compress(content))
    return make_pdf([(b"<</Type/Catalog>>", None), (b"<</F(inner)/EF<</F 3 0 R>>>>", None), file])


def in_rtf(content: bytes) -> bytes:
    return make_rtf(b"Package", native(b"inner", content)[4:])


FORMS: tuple[Form, ...] = (
    Form(Type.OLE, ole_streams.members, in_ole, is_exact=False, can_bomb=False),
    Form(Type.PDF, pdf.members, in_pdf),
    Form(Type.RTF, rtf.members, in_rtf, is_exact=False, can_bomb=False),
)
