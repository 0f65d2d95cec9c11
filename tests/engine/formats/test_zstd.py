import random

from backports import zstd

from garrison.engine.formats.zstd import members
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

SKIPPABLE = b"\x53\x2a\x4d\x18" + (9).to_bytes(4, "little") + b"skip this"


def test_frames_one_after_the_other_are_one_object() -> None:
    content = zstd.compress(EICAR[:30]) + SKIPPABLE + zstd.compress(EICAR[30:])
    assert contents(opened(members, content, "a.zst")) == {("a",): EICAR}


def test_a_skippable_frame_may_come_first() -> None:
    content = SKIPPABLE + zstd.compress(EICAR)
    assert list(contents(opened(members, content)).values()) == [EICAR]
    assert check(content, detector()).type == "zstd"


def test_a_window_of_gigabytes_is_not_opened() -> None:
    frame = b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + b"\x01\x00\x00"
    assert remarks(opened(members, frame)) == ["not opened: unpacking it needs too much memory"]


def test_a_large_window_is_opened() -> None:
    noise = random.Random(6).randbytes(3_000_000)
    options: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
    assert list(contents(opened(members, zstd.compress(noise, options=options))).values()) == [noise]


def test_a_dictionary_that_is_not_here_is_damage() -> None:
    frame = b"\x28\xb5\x2f\xfd\x21\x07\x03\x19\x00\x00abc"
    assert remarks(opened(members, frame)) == ["damaged: cannot be unpacked"]
