from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.ole_native import package
from tests.engine.documents import native


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(content: bytes) -> None:
    package(content)
    package(b"\x02\x00" + content)


def test_it_is_read_with_and_without_its_length() -> None:
    whole = native(b"a.txt", b"content")
    assert package(whole) == package(whole[4:])
    assert package(whole).content == b"content"  # type: ignore[union-attr]
