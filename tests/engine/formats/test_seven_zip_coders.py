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
