import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.seven_zip_header import Reader, read_files, read_streams
from garrison.engine.guard import Incomplete


@pytest.mark.parametrize(
    ("data", "number"),
    [(b"\x05", 5), (b"\x81\x00", 256), (b"\xc0\x34\x12", 0x1234), (b"\xff" + b"\x01" * 8, 0x0101010101010101)],
)
def test_the_first_byte_of_a_number_tells_its_length(data: bytes, number: int) -> None:
    assert Reader(data).number() == number


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    for read in (read_streams, read_files):
        try:
            read(Reader(data))
        except Incomplete as reason:
            assert reason.remark.startswith("damaged: ")  # noqa: PT017 # damaged or not
