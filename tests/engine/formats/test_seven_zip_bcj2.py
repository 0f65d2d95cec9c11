import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.seven_zip_bcj2 import joined
from garrison.engine.guard import Incomplete


def test_what_has_no_branches_is_itself() -> None:
    assert b"".join(joined([b"plain", b"", b"", bytes(5)], 5)) == b"plain"


def test_a_cut_is_said() -> None:
    with pytest.raises(Incomplete, match="ends too early"):
        list(joined([b"plain", b"", b"", bytes(5)], 6))


@given(st.lists(st.binary(max_size=100), min_size=4, max_size=4), st.integers(0, 300))
def test_any_bytes_are_survived(streams: list[bytes], size: int) -> None:
    try:
        assert sum(map(len, joined(streams, size))) <= size + 4
    except Incomplete as reason:
        assert reason.remark.startswith("damaged: ")  # noqa: PT017 # damaged or not
