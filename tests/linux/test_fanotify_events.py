"""What a group writes is read as it was meant, and nothing makes the reader do anything but refuse it."""

import os
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.linux import fanotify
from garrison.linux.fanotify import Init, Mark, What
from garrison.linux.fanotify_events import METADATA, Event, Handle, Nonsense, parse

NUMBERS = st.integers(-(2**31), 2**31 - 1)
NAMES = st.binary(max_size=40).map(lambda name: name.replace(b"\0", b"/"))


def record(kind: int, body: bytes) -> bytes:
    return struct.pack("=BBH", kind, 0, 4 + len(body)) + body


def written(event: Event) -> bytes:
    """Return what the kernel would write."""
    kinds = {"self": 1, "folder": 2, "old": 10, "new": 12}
    records = b"".join(
        record(kinds[each.role], struct.pack("=8sIi", each.fsid, len(each.handle), each.kind) + each.handle + tail)
        for each in event.handles
        for tail in [b"" if each.role == "self" else each.name + b"\0\0"]
    )
    if event.pidfd is not None:
        records += record(4, struct.pack("=i", event.pidfd))
    if event.span is not None:
        records += record(6, struct.pack("=4xQQ", *event.span))
    if event.mount is not None:
        records += record(7, struct.pack("=4xQ", event.mount))
    if event.error:
        records += record(5, struct.pack("=iI", event.error, 1))
    length = METADATA.size + len(records)
    return METADATA.pack(length, 3, 0, METADATA.size, event.what, event.descriptor, event.pid) + records


@st.composite
def handles(draw: st.DrawFn) -> Handle:
    role = draw(st.sampled_from(["self", "folder", "old", "new"]))
    name = b"" if role == "self" else draw(NAMES)
    return Handle(role, draw(st.binary(min_size=8, max_size=8)), draw(NUMBERS), draw(st.binary(max_size=128)), name)


EVENTS = st.builds(
    Event,
    what=st.integers(0, 2**64 - 1),
    descriptor=NUMBERS,
    pid=NUMBERS,
    pidfd=st.none() | NUMBERS,
    handles=st.lists(handles(), max_size=3).map(tuple),
    span=st.none() | st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    mount=st.none() | st.integers(0, 2**64 - 1),
    error=NUMBERS,
)


@given(st.lists(EVENTS, max_size=5))
def test_what_is_written_is_read(events: list[Event]) -> None:
    assert list(parse(b"".join(map(written, events)))) == events


@given(st.binary(max_size=300))
def test_no_bytes_do_harm(content: bytes) -> None:
    try:
        events = list(parse(content))
    except Nonsense:
        return
    assert len(events) * METADATA.size <= len(content)


@given(EVENTS, st.data())
def test_an_event_that_is_cut_or_changed_is_refused_or_read(event: Event, data: st.DataObject) -> None:
    whole = written(event)
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(Nonsense):
        list(parse(cut or b"\0"))
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    try:
        list(parse(changed))
    except Nonsense:
        return


@given(EVENTS, st.integers(13, 255), st.binary(max_size=20))
def test_records_of_kinds_to_come_are_passed_over(event: Event, kind: int, body: bytes) -> None:
    more = record(kind, body)
    whole = written(event)
    longer = struct.pack("=I", len(whole) + len(more)) + whole[4:] + more
    assert list(parse(longer)) == [event]


@pytest.mark.parametrize("length", [0, 23, 2**32 - 1])
def test_lengths_that_do_not_fit_are_refused(length: int) -> None:
    with pytest.raises(Nonsense, match="lengths"):
        list(parse(METADATA.pack(length, 3, 0, METADATA.size, 0, -1, 0)))


def test_another_version_is_refused() -> None:
    with pytest.raises(Nonsense, match="version 4"):
        list(parse(METADATA.pack(METADATA.size, 4, 0, METADATA.size, 0, -1, 0)))


def test_what_the_kernel_itself_writes_is_read(tmp_path: Path) -> None:
    """Folder marks of this kind are anybody's; what is reported to others than root has no process."""
    try:
        group = fanotify.open_group(Init.REPORT_DIR_FID | Init.REPORT_NAME | Init.NONBLOCK | Init.CLOEXEC)
    except OSError as error:
        pytest.skip(f"no groups here: {error}")
    try:
        fanotify.mark(group, Mark.ADD, What.CREATE | What.MOVED_FROM | What.MOVED_TO, tmp_path)
        (tmp_path / "one").touch()
        events = list(parse(os.read(group, 4096)))
        (tmp_path / "one").rename(tmp_path / "two")
        events += parse(os.read(group, 4096))
        told = [(What(event.what), event.handles[0].name) for event in events]
        assert told == [(What.CREATE, b"one"), (What.MOVED_FROM, b"one"), (What.MOVED_TO, b"two")]
        assert {event.descriptor for event in events} == {fanotify.NO_DESCRIPTOR}
        assert len({event.handles[0][1:4] for event in events}) == 1
    finally:
        os.close(group)
