import base64
import random
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.deflate64 import Inflating
from garrison.engine.formats.zip import members
from garrison.engine.guard import Incomplete
from tests.engine.archives import raw_deflate
from tests.engine.opening import contents, opened
from tests.engine.samples import EICAR

SAMPLE = base64.b64decode(
    "UEsDBBUAAAAJANZheF2hZwVe9gQAABRKAQAGAAAAdzIudHh05NW7kRwxEARRnVbQBPwB+gP9Ikah++zerRoakVKlwg7e3WLf35/n/i6/PlO/"
    "077TvzO+M7+zvrO/c77zR//cZ6q2abt2aKd2abf2aHWvFa3/X03btUM7tUu7tUere71oq9Y/aNcO7dQu7dYere6Noq3apvVvbmindmm39mh1"
    "bxZt1TZt1/pPMbVLu7VHq3uraKu2abt2aP23XdqtPVrd20VbtU3btUM7tf6wbO3R6t4p2qpt2q4d2qldWn/6jlb3/hRt1TZt1w7t1C7t1vrj"
    "/H6ei6M6mqM7hmM6lmM7jsOX/z8VX34fy/ta3ufyvpf3wbwv5n0y1ZdbcbyvsDm6YzimYzm24zh8uRdHdbwPvDuGYzqWYzuOw5dHcVRHc7zf"
    "HcMxHcuxHcfhy7M4qqM5uuP9WpqO5diO4/DlVRzV0RzdMRzvN95ybMdx+PIujupoju4Yjul4v0y34zh8+RRHdTRHdwzHdCzH+z19HL78pziq"
    "ozm6YzimYzm2w5e/bxAvE16mXLxMeJmei5cpAy9TBF6mz+JlwsuEl+niZcrAyxSBlykDLxNeJrxMeJnwMl28TBF4mfAy4WXCy4SX6eJlysDL"
    "FIGX6cHLhJcJL9Mn8DJl4GWKwMt08TLhZcLL9Am8TBl4mTLwMkXgZfp58DLhZcLLlIGXKQMvUwRepufiZcLLhJcpAy9TBl6mDLxMEXiZYvEy"
    "4WXCyxSBlykDL1MEXqYYvEx4mfAyReBlysDLlIGXKQIvUy5eJrxMeJmei5cpAy9TBF4mvEw/D14mvEwZeJky8DJl4GWKwMuElykXLxNepufi"
    "ZcrAyxSBlwkvUyxeJrxMEXiZMvAyZeBlisDLhJcJLxNeJrxMFy9TBF6mGLxMPw9eJrxMFy9TBl6mDLxMEXiZ8DLhZcLLhJfp4mWKwMuElwkv"
    "E14mvEwXL1MGXqYIvEyxeJnwMuFlisDLlIGXKQIvUwZeJrxMuXiZ8DI9Fy9TBl6mCLxMn8XLhJcJL9PFy5SBlykCL1MGXia8THiZ8DLhZbp4"
    "mSLwMuFlwsuElwkv08XLlIGXKQIv04OXCS8TXqZP4GXKwMsUgZfp4mXCy4SX6RN4mTLwMmXgZYrAy/Tz4GXCy4SXKQMvUwZepgi8TM/Fy4SX"
    "CS9TBl6mDLxMGXiZIvAyxeJlwsuElykCL1MGXqYIvEwxeJnwMuFlisDLlIGXKQMvUwReply8THiZ8DI9Fy9TBl6mCLxMeJl+HrxMeJky8DJl"
    "4GXKwMsUgZcJL1MuXia8TM/Fy5SBlykCLxNepli8THiZIvAyZeBlysDLFIGXCS8TXia8THiZLl6mCLxMMXiZfh68THiZLl6mDLxMGXiZIvAy"
    "/Suvjo0jCIIghiU7vqo2f0PNC+NhkRmAl4mXiZeJl+l4mTa8TLxMvEy8TLxMx8vU8DJteJlWXiZeJl6mDS9Tw8u04WVqeJl4mSovEy/TO16m"
    "hpdpw8v0lZeJl4mX6XiZGl6mDS9Tw8vEy8TLxMvEy3S8TBteJl4mXiZeJl6m42VqeJk2vEyPl4mXiZfpG16mhpdpw8t0vEy8TLxM3/AyNbxM"
    "DS/Thpfp7/Ey8TLxMjW8TA0v04aX6R0vEy8TL1PDy9TwMjW8TBteppWXiZeJl2nDy9TwMm14mRZeJl4mXqYNL1PDy9TwMm14mSovEy8TL9M7"
    "XqaGl2nzAzL9A1BLAQI/AxUAAAAJANZheF2hZwVe9gQAABRKAQAGACQAAAAAAAAAIICkgQAAAAB3Mi50eHQKACAAAAAAAAEAGADNaDhjDXzd"
    "AQAAAAAAAAAAAAAAAAAAAABQSwUGAAAAAAEAAQBYAAAAGgUAAAAA"
)
SAMPLES = Path("/usr/share/clamav-testfiles")
WORDS = b"".join(b"word %d\n" % number for number in range(200))


def test_long_matches_and_far_distances_come_out() -> None:
    assert list(contents(opened(members, SAMPLE)).values()) == [WORDS * 50]


@pytest.mark.parametrize("content", [b"", b"x", EICAR, WORDS, random.Random(1).randbytes(70_000)])
@pytest.mark.parametrize("level", [0, 1, 9])
def test_what_is_common_to_both_methods_comes_out(content: bytes, level: int) -> None:
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = packer.compress(content) + packer.flush()
    inflating = Inflating(packed + b"behind")
    assert b"".join(inflating) == content
    assert inflating.used == len(packed)


def test_cut_anywhere_it_yields_what_came_before() -> None:
    packed = raw_deflate(WORDS)
    for at in range(len(packed) - 1):
        came = b""
        with pytest.raises(Incomplete):  # noqa: PT012 # what came before counts
            for piece in Inflating(packed[:at]):
                came += piece
        assert WORDS.startswith(came[: max(0, len(came) - 600)])


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    try:
        list(Inflating(data))
    except Incomplete as reason:
        assert reason.remark.startswith("damaged: ")  # noqa: PT017 # it need not be raised


@pytest.mark.parametrize("name", ["clam.d64.zip", "clam.impl.zip"])
def test_the_samples_of_clamav_are_opened(name: str) -> None:
    if not (SAMPLES / name).exists():
        pytest.skip("clamav-testfiles is not installed")
    assert list(contents(opened(members, (SAMPLES / name).read_bytes())).values()) == [
        (SAMPLES / "clam.exe").read_bytes()
    ]
