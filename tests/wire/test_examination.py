import json
import os
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.wire.examination import (
    MOST_BYTES,
    MOST_DETAIL,
    MOST_OBJECTS,
    Answer,
    Batch,
    Control,
    Ended,
    Frames,
    Kill,
    Nonsense,
    Ready,
    Setup,
    Start,
    decode_answer,
    decode_control,
    encode_answer,
    encode_batch,
    encode_control,
    encode_ready,
    is_ready,
    receive_batch,
    receive_with_descriptors,
    send_start,
)
from tests.worker.objects import open_descriptors


def unframed(content: bytes) -> bytes:
    frames = Frames()
    frames.feed(content)
    frame = frames.take()
    assert frame is not None
    assert frames.is_empty()
    return frame


@pytest.mark.parametrize(
    "message",
    [
        Setup("/data\udcff", {"depth": 3}, 1.5, 64),
        Ready(),
        Start(1),
        Kill(2),
        Ended(3, "killed by SIGSEGV"),
    ],
)
def test_control_messages_arrive_as_they_were_sent(message: Control) -> None:
    assert decode_control(encode_control(message)) == message


@pytest.mark.parametrize(
    "packet", [b"", b"{", b"[]", b'["Start", {}]', b'["Nobody", {}]', b'["Start", {"x": 1}]', b"\xff"]
)
def test_a_packet_that_is_no_message_is_nonsense(packet: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_control(packet)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(0, {"type": "zip", "names": ["a\udcff", "\ud800", "é"]}),
        Answer(31, None, "memory", "out of memory", tired=True),
        Answer(5, None, "crashed", "raised KeyError (zip.py:3)"),
    ],
)
def test_answers_arrive_as_they_were_sent(answer: Answer) -> None:
    assert decode_answer(unframed(encode_answer(answer))) == answer


@pytest.mark.parametrize("text", [",[{" * 300_000, '",' * 600_000, '",\\' * 200_000, '\\",' * 200_000])
def test_what_stands_in_a_text_is_no_part(text: str) -> None:
    answer = Answer(0, {"type": text, text[:5]: [text[:7]]})
    assert decode_answer(unframed(encode_answer(answer))) == answer


def test_a_long_detail_is_cut() -> None:
    answer = decode_answer(unframed(encode_answer(Answer(0, None, "crashed", "x" * 1000))))
    assert len(answer.detail) == MOST_DETAIL


@pytest.mark.parametrize(
    "untrusted",
    [
        [],
        {},
        None,
        [0, {}, "", ""],
        ["0", {}, "", "", False],
        [True, {}, "", "", False],
        [0, {}, "timeout", "", False],
        [0, {}, "crashed", "", False],
        [0, None, "", "", False],
        [0, [], "", "", False],
        [0, {}, "", "", 0],
        [0, {}, [], "", False],
        [0, {}, {}, "", False],
        [0, {}, "", None, False],
        [0, None, "crashed", "x" * (MOST_DETAIL + 1), False],
    ],
)
def test_an_answer_of_another_shape_is_nonsense(untrusted: Any) -> None:
    with pytest.raises(Nonsense):
        decode_answer(json.dumps(untrusted).encode())


@pytest.mark.parametrize(
    "untrusted",
    [
        b'[0,{"' + b'","' * 600_000 + b'"],"","",false]',
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"[" * 600_000,
        b"[0,[" + b"0," * 600_000 + b"0],0,0,0]",
        b"9" * 10_000,
    ],
)
def test_hostile_bytes_are_nonsense(untrusted: bytes) -> None:
    with pytest.raises(Nonsense):
        decode_answer(untrusted)


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_nonsense(untrusted: bytes) -> None:
    try:
        answer = decode_answer(untrusted)
    except Nonsense:
        return
    assert isinstance(answer.index, int)


@given(st.lists(st.binary(max_size=50), min_size=1), st.integers(min_value=1, max_value=7))
def test_frames_come_whole_whatever_the_pieces(contents: list[bytes], piece: int) -> None:
    stream = b"".join(len(content).to_bytes(4, "big") + content for content in contents)
    frames = Frames()
    taken = []
    for start in range(0, len(stream), piece):
        frames.feed(stream[start : start + piece])
        has_one = frames.has_one()
        while (frame := frames.take()) is not None:
            assert has_one
            taken.append(frame)
        assert not frames.has_one()
    assert taken == contents
    assert frames.is_empty()


def test_a_frame_beyond_the_cap_is_not_waited_for() -> None:
    frames = Frames()
    frames.feed((MOST_BYTES + 1).to_bytes(4, "big"))
    with pytest.raises(Nonsense):
        frames.take()


def test_an_answer_beyond_the_cap_is_not_sent() -> None:
    with pytest.raises(ValueError, match="larger"):
        encode_answer(Answer(0, {"x": "y" * MOST_BYTES}))


def test_a_greeting_is_nothing_else() -> None:
    assert is_ready(unframed(encode_ready()))
    assert not is_ready(b"[0]")


def test_a_batch_arrives_with_its_descriptors() -> None:
    names = tuple(f"name \udcff {index}" for index in range(MOST_OBJECTS))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        frame = encode_batch(Batch(names))
        sent = send_start(ours, frame, [ours.fileno()] * MOST_OBJECTS)
        ours.sendall(frame[sent:])
        received = receive_batch(theirs)
        assert received is not None
        batch, descriptors = received
        assert batch.names == names
        assert len(set(descriptors)) == MOST_OBJECTS
        assert not any(os.get_inheritable(descriptor) for descriptor in descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def test_an_end_is_no_batch() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        ours.close()
        assert receive_batch(theirs) is None


def test_names_without_descriptors_are_nonsense() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(encode_batch(Batch(("a",))))
        with pytest.raises(Nonsense):
            receive_batch(theirs)


def test_more_descriptors_than_a_batch_holds_are_closed_not_kept() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        before = open_descriptors()
        send_start(ours, b"x", [ours.fileno()] * (MOST_OBJECTS + 3))
        with pytest.raises(Nonsense):
            receive_with_descriptors(theirs, 10)
        assert open_descriptors() == before
