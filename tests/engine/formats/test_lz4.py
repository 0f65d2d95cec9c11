import lz4.block
import lz4.frame

from garrison.engine.formats.lz4 import members
from tests.engine.opening import contents, opened, remarks

WORDS = b"".join(b"word %d\n" % number for number in range(4000))


def legacy(content: bytes) -> bytes:
    packed: bytes = lz4.block.compress(content, store_size=False)
    return b"\x02\x21\x4c\x18" + len(packed).to_bytes(4, "little") + packed


def test_frames_follow_each_other() -> None:
    found = opened(members, lz4.frame.compress(WORDS) + lz4.frame.compress(b"end"), "a.lz4")
    assert contents(found) == {("a",): WORDS + b"end"}
    assert remarks(found) == []


def test_the_legacy_frame_is_opened() -> None:
    found = opened(members, legacy(WORDS))
    assert list(contents(found).values()) == [WORDS]
    assert remarks(found) == []


def test_a_damaged_legacy_frame_is_said() -> None:
    assert remarks(opened(members, legacy(WORDS)[:-5])) == ["damaged: ends too early"]
    assert remarks(opened(members, legacy(WORDS)[:8] + b"\xff" * 9000)) in (
        ["damaged: cannot be unpacked"],
        ["damaged: ends too early"],
    )
