import pytest

from garrison.engine.formats.seven_zip_coders import decoded
from garrison.engine.formats.seven_zip_header import Coder
from garrison.engine.guard import Incomplete


def test_a_stored_stream_is_itself() -> None:
    assert b"".join(decoded(Coder(b"\x00", 1, b""), [iter([b"one", b"two"])], 6)) == b"onetwo"


def test_a_difference_is_undone() -> None:
    pieces = decoded(Coder(b"\x03", 1, b"\x00"), [iter([b"\x01\x01", b"\x01"])], 3)
    assert b"".join(pieces) == b"\x01\x02\x03"


def test_nonsense_is_damage() -> None:
    for method in (b"\x03\x01\x01", b"\x21"):
        with pytest.raises(Incomplete):
            list(decoded(Coder(method, 1, b"\xff" * 5), [iter([b"x"])], 3))


@pytest.mark.parametrize(("method", "plain"), [(b"\x02\x03\x02", b"21436587ab"), (b"\x02\x03\x04", b"43218765ab")])
def test_swapped_bytes_come_back_and_the_rest_stays(method: bytes, plain: bytes) -> None:
    for pieces in ([b"12345678", b"ab"], [b"1", b"2345", b"", b"678ab"]):
        expected = plain if method[2] == 4 else plain[:8] + b"ba"
        assert b"".join(decoded(Coder(method, 1, b""), [iter(pieces)], 10)) == expected
