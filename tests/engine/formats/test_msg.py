import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats.ole_streams import members
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
    assert contents(opened(members, mail(**more)))[name,] == EICAR


def test_the_text_is_a_text() -> None:
    streams = {"__properties_version1.0": bytes(32), "__substg1.0_1000001F": "hello".encode("utf-16-le")}
    (member,) = (member for member in opened(members, make_ole(streams)) if member.is_derived)
    assert (member.names, member.content, member.kind) == (("(text)",), b"hello", Type.TEXT)


def test_another_compound_file_has_streams_alone() -> None:
    streams = {PLACE + "37010102": EICAR, "__substg1.0_1000001F": "hello".encode("utf-16-le")}
    assert contents(opened(members, make_ole(streams))).keys() == {(path,) for path in streams}


def test_what_is_attached_is_found_once() -> None:
    assert [finding.inner for finding in check(mail(_3704001E=b"a.exe\0"), detector()).findings] == [("a.exe",)]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=8))
def test_any_flipped_bits_are_survived(flips: list[tuple[int, int]]) -> None:
    content = bytearray(mail())
    for at, value in flips:
        content[at % len(content)] ^= value
    opened(members, bytes(content), limits=SMALL)
