"""The documents of the conformance suite."""

import zlib
from xml.sax.saxutils import escape

from garrison.engine.formats import java, lnk, odf, ole_streams, onenote, ooxml, pdf, rtf
from garrison.engine.type import Type
from tests.engine.documents import make_class, make_lnk, make_ole, make_onenote, make_pdf, make_rtf, native
from tests.engine.forms import Form

WORD = b'<?xml version="1.0"?><w:p xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'


def in_ole(content: bytes) -> bytes:
    return make_ole({"\x01CompObj": b"something", "storage/Contents": content})


def in_pdf(content: bytes) -> bytes:
    file = (b"/Type/EmbeddedFile/Filter/FlateDecode", zlib.compress(content))
    return make_pdf([(b"<</Type/Catalog>>", None), (b"<</F(inner)/EF<</F 3 0 R>>>>", None), file])


def in_rtf(content: bytes) -> bytes:
    return make_rtf(b"Package", native(b"inner", content)[4:])


def in_onenote(content: bytes) -> bytes:
    return make_onenote([content])


def in_lnk(content: bytes) -> bytes:
    return make_lnk("shown", "/c start") + content


def in_class(content: bytes) -> bytes:
    pieces = [content[at : at + 60_000] for at in range(0, len(content), 60_000)]
    return make_class([b"java/lang/Object", *pieces])


def in_field(content: bytes) -> bytes:
    text = escape(content.decode()).encode()
    return WORD + b"<w:instrText>" + text[:3] + b"</w:instrText><w:instrText>" + text[3:] + b"</w:instrText></w:p>"


def in_basic(content: bytes) -> bytes:
    text = escape(content.decode()).encode()
    return b'<?xml version="1.0"?><script:module script:name="M">' + text + b"</script:module>"


FORMS: tuple[Form, ...] = (
    Form(Type.OLE, ole_streams.members, in_ole, is_exact=False, can_bomb=False),
    Form(Type.PDF, pdf.members, in_pdf),
    Form(Type.RTF, rtf.members, in_rtf, is_exact=False, can_bomb=False),
    Form(Type.ONENOTE, onenote.members, in_onenote, is_exact=False, can_bomb=False),
    Form(Type.LNK, lnk.members, in_lnk, is_exact=False, can_bomb=False),
    Form(Type.JAVA_CLASS, java.members, in_class, is_exact=False, can_bomb=False, text_only=True),
    Form(Type.XML, ooxml.members, in_field, is_exact=False, can_bomb=False, text_only=True),
    Form(Type.XML, odf.members, in_basic, is_exact=False, can_bomb=False, text_only=True),
)
