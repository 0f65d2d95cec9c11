import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.lzh import fastest, unpacked
from garrison.engine.guard import Incomplete

WORDS = b"".join(b"word %d\n" % number for number in range(40))
PACKED = base64.b64decode(
    "AFNVcaxDINHYAemLa4bgWR3vILDsv9SAEAy/e/Ov2un1K07UtbWv9re1xa5tYN7IYDoEIEoFIFoGIGoHIHsHvPLg9g9g9g9g9g9g"
    "9g+A+A+Z+gHwHwHwHwHwHzGg"
)
FAST = base64.b64decode(
    "O5vORkEAwBWAGGOQGGWQGGeQGGmQGGuQGG2QGG+QGHGQGHOg+2I2hHGOhIGOhJGOhKGOhLGOhMGOhNGOhOGOhPGWhPGWyX0J4y0J"
    "4y0J4y0J4y0J4y0J4y0J4y0J4z0J4z0J4z2dGhPGehPGehPGehPGehPGehPGY5BQ"
)


def test_what_arj_packs_comes_out() -> None:
    assert b"".join(unpacked(PACKED, len(WORDS), 32768, 17, 5)) == WORDS
    assert b"".join(fastest(FAST, len(WORDS))) == WORDS


def test_a_cut_is_said() -> None:
    with pytest.raises(Incomplete):
        list(unpacked(PACKED[:-20], len(WORDS) * 10, 32768, 17, 5))


@given(st.binary(max_size=300), st.integers(0, 200_000))
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    for pieces in (unpacked(data, size, 8192, 14, 4), fastest(data, size)):
        try:
            assert sum(map(len, pieces)) <= size
        except Incomplete as reason:
            assert reason.remark.startswith("damaged: ")  # noqa: PT017 # damaged or not
