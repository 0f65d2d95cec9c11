"""The documents of the conformance suite."""

import zlib

from garrison.engine.formats import ole_streams, pdf
from garrison.engine.type import Type
from tests.engine.documents import make_ole, make_pdf
from tests.engine.forms import Form


def in_ole(content: bytes) -> bytes:
    return make_ole({"\x01CompObj": b"something", "storage/Contents": content})


def in_pdf(content: bytes) -> bytes:
    file = (b"/Type/EmbeddedFile/Filter/FlateDecode", zlib.compress(content))
    return make_pdf([(b"<</Type/Catalog>>", None), (b"<</F(inner)/EF<</F 3 0 R>>>>", None), file])


FORMS: tuple[Form, ...] = (
    Form(Type.OLE, ole_streams.members, in_ole, is_exact=False, can_bomb=False),
    Form(Type.PDF, pdf.members, in_pdf),
)
