import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.ooxml import members, unescaped
from tests.engine.forms_documents import WORD
from tests.engine.opening import contents, opened


def test_a_command_in_pieces_is_put_together() -> None:
    parts = b"".join(
        b"<w:r><w:instrText xml:space='x'>" + part + b"</w:instrText></w:r>" for part in (b"DDE", b"AUTO c:")
    )
    begin = b'<w:fldChar w:fldCharType="begin"/>'
    whole = WORD + begin + parts + begin + b'<w:fldSimple w:instr="PAGE &quot;1&#x41;&#66;"/>' + b"</w:p>"
    assert contents(opened(members, whole)) == {("(fields)",): b'DDEAUTO c:\nPAGE "1AB'}


def test_a_document_without_fields_gives_nothing() -> None:
    assert opened(members, WORD + b"<w:t>text</w:t></w:p>") == []
    assert opened(members, b"<?xml?><instrText>no Word</instrText>") == []


@pytest.mark.parametrize("text", [b"&#9999999;", b"&nothing;", b"&#xD800;"])
def test_references_to_nothing_are_survived(text: bytes) -> None:
    assert unescaped(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(content: bytes) -> None:
    opened(members, WORD + b"<w:instrText>" + content)
