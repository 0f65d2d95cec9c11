import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import libarchive
from garrison.engine.formats.seven_zip import members
from garrison.engine.formats.seven_zip_ppmd import archive, unpacked
from garrison.engine.guard import Incomplete
from tests.engine.formats.test_seven_zip import SAMPLES
from tests.engine.opening import SMALL, Spent, opened, remarks

needs_library = pytest.mark.skipif(not libarchive.preload(), reason="libarchive13 is not installed")
PROPERTIES = b"\x06\0\0\0\x01"


@needs_library
def test_an_archive_of_its_own_making_is_read() -> None:
    # Nothing but zeros is a stream of PPMd as well.
    found = opened(members, archive(bytes(100), PROPERTIES, 50))
    assert len(found) == 1
    assert found[0].content == b"".join(unpacked(bytes(100), PROPERTIES, 50))


def test_too_much_memory_is_refused() -> None:
    with pytest.raises(Incomplete, match="memory"):
        unpacked(bytes(100), b"\x06\xff\xff\xff\xff", 50)
    with pytest.raises(Incomplete, match="damaged"):
        unpacked(bytes(100), b"\x06", 50)


@needs_library
def test_cut_and_changed_it_is_survived() -> None:
    whole = SAMPLES["ppmd"]
    for at in random.Random(1).sample(range(len(whole)), 60):
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        opened(members, whole[:at], limits=SMALL)
        opened(members, bytes(changed), limits=SMALL)


@needs_library
def test_the_time_is_kept() -> None:
    assert remarks(opened(members, SAMPLES["ppmd"], budget=Spent(4)))[0] == "limit reached: time"


@needs_library
@given(st.binary(max_size=300), st.integers(2, 64), st.integers(0, 1 << 20), st.integers(0, 1 << 40))
def test_any_bytes_are_survived(data: bytes, order: int, memory: int, size: int) -> None:
    with contextlib.suppress(Incomplete):
        got = 0
        for piece in unpacked(data, bytes((order,)) + memory.to_bytes(4, "little"), size):
            got += len(piece)
            if got > 1 << 20:
                break
        assert got <= size
