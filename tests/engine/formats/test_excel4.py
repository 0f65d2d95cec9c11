from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.excel4 import is_encrypted, macro_sheets


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(content: bytes) -> None:
    macro_sheets(b"\x85\x00\x08\x00" + content)
    macro_sheets(b"\x85\x00\x08\x00" + bytes(5) + b"\x01" + content)
    is_encrypted(content)


def test_a_workbook_without_such_sheets_says_nothing() -> None:
    assert not macro_sheets(b"\x06\x00\x1e\x00" + bytes(22) + b"\x17\x05\x00shell")
