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
