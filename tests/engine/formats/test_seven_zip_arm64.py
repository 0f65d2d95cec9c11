import base64
import struct
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.opener import TOO_SHORT
from garrison.engine.formats.seven_zip import members
from garrison.engine.formats.seven_zip_arm64 import filtered
from garrison.engine.guard import Incomplete
from tests.engine.opening import contents, opened, remarks

# BL, ADRP (one near, one far), something else; as a program has them, and as `xz --arm64` makes them.
PLAIN = struct.pack("<6L", 0xD503201F, 0x94000010, 0x90000001, 0xF0FFFFE2, 0x90800003, 0x97FFFFFF) * 2 + b"ab"
CODED = base64.b64decode("HyAD1REAAJQBAACQ4v//8AMAgJAEAACUHyAD1RcAAJQBAACQ4v//8AMAgJAKAACUYWI=")
# The same, 100 times, by 7-Zip 26.02.
ARCHIVE = base64.b64decode(
    "N3q8ryccAAQ720VDeAEAAAAAAAA+AAAAAAAAAAeZN7DgE4cBcF0AD4jCgMfgKz77QH/ZP4HeoS41fTRoRq/NMNAYbzcowYIfWZYfnq4D"
    "L4mKZSm05b0PkUIDcxGMRq7mdN2GTG9PtuKPx75NM/s4sm/EKc2jQqYvwNqq/ConSS4bnZfsQojA3TL+MJoxieAu54b2j6cFwRkb82He"
    "+sWbY40v21wE8/Trt7kiykOlv45ugjupKk/71ne8/icCtnbO7Uo3TfRUwF5Yuq8jIaRO8Xw3vXOThancx/Bil50HetNAMuvIURrH5gXe"
    "d6FWMI1Wvs39+YK5ju75flJ+BcIAuL+JwpTCI+Xm7nu2QE3lYTzMY2VadBdRaT9kT/2O1T83j08pu8cny/PnyCkrEmnBw0WXhB+x5SYD"
    "TTaaKSRb/ea6rzL7/LZh3ey8yahnauphcPVdd8GRQZtZfA3A8foQZn6wcmqREbiG8kWel5LxoRWnzzS3I/nFdTrZgj/9IRPmMtD1afbf"
    "2QUs5Ax5HAWP0FpQDAmpLP4AAQQGAAEJgXgABwsBAAIhIQEBAQoBAAyTiJOIAAgKAUiQjvAAAAUBGQQAAAAAEQUAeAAAABUGAQAggKSB"
    "AAA="
)


def test_places_become_distances() -> None:
    assert b"".join(filtered(iter([CODED]))) == PLAIN


def test_an_archive_of_7_zip_is_opened() -> None:
    found = opened(members, ARCHIVE)
    assert contents(found) == {("x",): PLAIN * 100}
    assert remarks(found) == []


@given(st.lists(st.binary(max_size=30), max_size=8))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    assert b"".join(filtered(iter(pieces))) == b"".join(filtered(iter([whole])))
    assert len(b"".join(filtered(iter(pieces)))) == len(whole)


def test_what_came_before_damage_is_given() -> None:
    def damaged() -> Iterator[bytes]:
        yield b"123456"
        raise Incomplete(TOO_SHORT)

    pieces = filtered(damaged())
    assert next(pieces) + next(pieces) == b"123456"
    with pytest.raises(Incomplete):
        next(pieces)
