"""What tells clamscan the target of an object."""

import pytest

from garrison.engine.patterns.targets import MARKS, Marks, parse_mark
from garrison.engine.type import Type
from tests.engine.patterns.matching import found


@pytest.mark.parametrize(("content", "target"), [(b"MM\x00", 5), (b"MZ??", 1), (b"To: me", 4), (b"hello", 0)])
def test_short_marks_tell_a_target(content: bytes, target: int) -> None:
    assert Marks(MARKS).targets(content) == ({target} if target else set())


def test_data_with_a_mark_is_also_matched_as_what_it_says() -> None:
    content = b"MM" + bytes(3) + b"hello"
    assert found(content, ["A:5:*:68656c6c6f", "B:6:*:68656c6c6f", "C:0:*:68656c6c6f"], kind=Type.DATA) == {
        "A": 5,
        "C": 5,
    }


@pytest.mark.parametrize(
    "line",
    ["0:0:6162:A:CL_TYPE_ANY", "1:0:6162:A:CL_TYPE_ANY:CL_TYPE_ELF", "0:0:6162:A:CL_TYPE_ANY:CL_TYPE_ZIP",
     "0:0::A:CL_TYPE_ANY:CL_TYPE_ELF", "0:9999:6162:A:CL_TYPE_ANY:CL_TYPE_ELF", "0:*:6162:A:CL_TYPE_ANY:CL_TYPE_ELF",
     "0:0:6162:A:CL_TYPE_ANY:CL_TYPE_ELF:900"],
)  # fmt: skip
def test_a_wrong_mark_says_why(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        parse_mark(line)


def test_a_mark_is_read() -> None:
    assert parse_mark("0:4:6162:A:CL_TYPE_ANY:CL_TYPE_ELF:1:255") == (4, b"ab", 6)


@pytest.mark.parametrize("content", [b"", b"a", b"ab", b"abcd", b"abce", b"xxcd"])
def test_marks_at_several_places_each_tell(content: bytes) -> None:
    marks = [(0, b"ab", 1), (2, b"cd", 6), (2, b"ce", 4), (0, b"abcd", 9)]
    assert Marks(marks).targets(content) == {target for at, mark, target in marks if content[at:].startswith(mark)}
