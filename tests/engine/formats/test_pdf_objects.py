from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.pdf_objects import filters, inner_objects, parameters, readable, scan, text_at


def test_texts_are_read_with_brackets_and_escapes() -> None:
    assert text_at(rb"(a (b) \(\101\n\)c) rest", 0) == (b"a (b) (A\n)c", 18)
    assert text_at(b"<48 656>", 0) == (b"He`", 7)


def test_a_text_in_utf_16_is_made_readable() -> None:
    assert readable(b"\xfe\xff\x00a\x00b") == b"ab"


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    for each in scan(b"1 0 obj " + content + b" 2 0 obj stream\n" + content):
        filters(each.head)
        parameters(each.head)
    list(inner_objects(content, b"/First 40"))
    text_at(b"(" + content, 0)
    readable(content)
