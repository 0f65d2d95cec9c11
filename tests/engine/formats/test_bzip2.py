import bz2

import pytest

from garrison.engine.formats.bzip2 import members
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR


@pytest.mark.parametrize("level", range(1, 10))
def test_every_block_size_is_read(level: int) -> None:
    assert contents(opened(members, bz2.compress(EICAR, level), "a.bz2")) == {("a",): EICAR}


def test_streams_one_after_the_other_are_one_object() -> None:
    content = bz2.compress(EICAR[:30]) + bz2.compress(b"") + bz2.compress(EICAR[30:])
    assert list(contents(opened(members, content)).values()) == [EICAR]


def test_what_is_none_is_damage() -> None:
    assert remarks(opened(members, b"BZ0")) == ["damaged: cannot be unpacked"]
    assert remarks(opened(members, b"BZh9nonsense")) == ["damaged: cannot be unpacked"]
