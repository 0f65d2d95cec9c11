import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats import msg
from garrison.engine.type import Type
from tests.engine.documents import make_ole
from tests.engine.opening import SMALL, contents, opened
from tests.engine.samples import EICAR, check, detector

PLACE = "__attach_version1.0_#00000000/__substg1.0_"


def mail(**more: bytes) -> bytes:
    streams = {"__properties_version1.0": bytes(32), PLACE + "37010102": EICAR}
    return make_ole({**streams, **{PLACE + tag[1:]: value for tag, value in more.items()}})


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"_3707001F": "l\xf6ng.exe".encode("utf-16-le"), "_3704001F": b"s\0"}, "l\xf6ng.exe"),
        ({"_3704001E": b"short.exe\0"}, "short.exe"),
        ({}, "attachment"),
    ],
)
def test_attachments_come_out_under_their_names(more: dict[str, bytes], name: str) -> None:
    assert contents(opened(msg.members, mail(**more)))[name,] == EICAR


def test_the_text_is_a_text() -> None:
    streams = {"__properties_version1.0": bytes(32), "__substg1.0_1000001F": "hello".encode("utf-16-le")}
    (member,) = opened(msg.members, make_ole(streams))
    assert (member.content, member.kind) == (b"hello", Type.TEXT)


def test_another_compound_file_gives_nothing() -> None:
    assert opened(msg.members, make_ole({PLACE + "37010102": EICAR})) == []


def test_what_is_attached_is_found() -> None:
    assert {finding.name for finding in check(mail(), detector()).findings} == {"EICAR-Test-File"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=8))
def test_any_flipped_bits_are_survived(flips: list[tuple[int, int]]) -> None:
    content = bytearray(mail())
    for at, value in flips:
        content[at % len(content)] ^= value
    opened(msg.members, bytes(content), limits=SMALL)
