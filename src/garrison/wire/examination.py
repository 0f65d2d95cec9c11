"""What the pool, the fork server and the workers say to each other.

Two kinds of socket. The *control* socket (SOCK_SEQPACKET, one message a packet) joins the pool and its fork server,
which reads nothing hostile. A *connection* (SOCK_STREAM, a length and then JSON) joins the pool and one worker: batches
with their descriptors go down, answers come up. Nothing that comes up is believed before it is checked here, and the
pool reads a connection with recv(2), so that descriptors a worker might send are dropped by the kernel.

JSON is plain ASCII: file names that are no UTF-8 travel as escaped surrogates (PEP 383).
"""

import array
import json
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

MOST_OBJECTS = 32  # in one batch; the kernel's own bound for descriptors in one message is 253 (SCM_MAX_FD)
MOST_NAME = 4096  # characters of an object's name
MOST_BYTES = 4 * 1024 * 1024  # of one frame; what a verdict may hold (garrison.engine.verdict) stays below
MOST_VALUES = 500_000  # in one frame: JSON of that size could otherwise grow fifty-fold in the reader's memory
MOST_DETAIL = 500  # characters
CONTROL_BYTES = 64 * 1024  # of one packet

KILLED = "killed by SIGKILL"  # how a worker ended
OUT_OF_TIME = "killed by SIGXCPU"

UNPREPARED = "unprepared"  # the failure of a worker that was started without what the object needs, its detail
EVERYTHING = "everything"  # may be needed
FAILURES = frozenset({"", "crashed", "memory", UNPREPARED})

_LENGTH = struct.Struct(">I")
_CHUNK = 64 * 1024


class Nonsense(ValueError):  # what it is, not an error of ours
    """The other side said what it cannot have meant; whoever sent it is not to be listened to any more."""


class Setup(NamedTuple):
    """First word to a fork server. seconds: what an object may take; memory_mib: what a worker may add to its size.

    heuristics: the level (garrison.engine.heuristics.levels).
    """

    databases: str
    limits: Mapping[str, int]
    seconds: float
    memory_mib: int
    heuristics: str = "medium"


class Ready(NamedTuple):
    """The fork server has opened the databases; or, on a connection, the worker has closed its sandbox."""


class Start(NamedTuple):
    """Start a worker, of this number, on the connection that comes with this.

    untrusted_needs: what to make ready before, "" for nothing, in a worker's own words, or EVERYTHING. Without it a
    worker starts sooner, and says so when an object needs more.
    """

    worker: int
    untrusted_needs: str = ""


class Kill(NamedTuple):
    """Kill a worker; one that has ended is left in peace."""

    worker: int


class Ended(NamedTuple):
    """A worker is gone. how: "killed by SIGSEGV", "exited with 1", KILLED, OUT_OF_TIME."""

    worker: int
    how: str


class Batch(NamedTuple):
    """Examine the objects whose descriptors come with this, in this order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One object is done. tired: the worker has served enough and takes no more, not even the rest of its batch."""

    index: int
    untrusted_verdict: Any
    failure: str = ""
    detail: str = ""
    tired: bool = False


Control = Setup | Ready | Start | Kill | Ended

_CONTROLS: dict[str, type[Control]] = {kind.__name__: kind for kind in (Setup, Ready, Start, Kill, Ended)}


def encode_control(message: Control) -> bytes:
    """Return a message as one packet."""
    return _encode([type(message).__name__, message._asdict()])


def decode_control(packet: bytes) -> Control:
    """Return the message in a packet. Raises Nonsense."""
    try:
        name, fields = json.loads(packet)
        return _CONTROLS[name](**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise Nonsense("a packet that is no message") from error


def encode_ready() -> bytes:
    """Return the frame with which a worker greets."""
    return _framed(b"[]")


def encode_batch(batch: Batch) -> bytes:
    """Return the frame of a batch; its descriptors go with the first byte."""
    return _framed(_encode(batch.names))


def encode_answer(answer: Answer) -> bytes:
    """Return the frame of an answer. Raises ValueError when it is larger than the pool would read."""
    fields = [answer.index, answer.untrusted_verdict, answer.failure, answer.detail[:MOST_DETAIL], answer.tired]
    return _framed(_encode(fields))


def decode_answer(untrusted_frame: bytes) -> Answer:
    """Return what a worker said of one object, the verdict itself still unchecked. Raises Nonsense."""
    if _values(untrusted_frame) > MOST_VALUES and _values(_without_texts(untrusted_frame)) > MOST_VALUES:
        raise Nonsense("an answer of too many parts")
    try:
        untrusted_fields = json.loads(untrusted_frame)
    except (ValueError, RecursionError) as error:
        raise Nonsense("an answer that is no JSON") from error
    if not isinstance(untrusted_fields, list) or len(untrusted_fields) != 5:
        raise Nonsense("an answer of another shape")
    index, verdict, failure, detail, tired = untrusted_fields
    if type(index) is not int or type(tired) is not bool or not isinstance(detail, str) or len(detail) > MOST_DETAIL:
        raise Nonsense("an answer of other types")
    if not isinstance(failure, str) or failure not in FAILURES or (failure == "") != isinstance(verdict, dict):
        raise Nonsense("an answer that is neither a verdict nor a failure")
    return Answer(index, verdict, failure, detail, tired)


def _values(untrusted_frame: bytes) -> int:
    """Return how many values JSON may have, at most."""
    return sum(map(untrusted_frame.count, (b",", b"[", b"{")))


def _without_texts(untrusted_frame: bytes) -> bytes:
    """Return JSON without what stands in quotes. Raises Nonsense."""
    unescaped = untrusted_frame.replace(rb"\\", b"").replace(rb"\"", b"")
    if unescaped.count(b'"') > MOST_VALUES:
        raise Nonsense("an answer of too many texts")
    return b"".join(unescaped.split(b'"')[::2])


def is_ready(untrusted_frame: bytes) -> bool:
    """Return whether a frame is a worker's greeting."""
    return untrusted_frame == b"[]"


class Frames:
    """Puts frames together from what a connection brings."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, untrusted_bytes: bytes) -> None:
        """Take what came, in pieces of any size."""
        self._buffer += untrusted_bytes

    def take(self) -> bytes | None:
        """Return the next whole frame, None when it has not come yet. Raises Nonsense when it would be too large."""
        length = self._length()
        if length > MOST_BYTES:
            raise Nonsense("a frame larger than any answer")
        if not self.has_one():
            return None
        end = _LENGTH.size + length
        frame = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return frame

    def has_one(self) -> bool:
        """Return whether a whole frame has come."""
        return len(self._buffer) >= _LENGTH.size + self._length()

    def _length(self) -> int:
        """Return the length that the next frame says it has; 0 until it has said so."""
        return int.from_bytes(self._buffer[: _LENGTH.size], "big") if len(self._buffer) >= _LENGTH.size else 0

    def is_empty(self) -> bool:
        """Return whether nothing has come beyond the frames taken."""
        return not self._buffer


def send_start(sock: socket.socket, frame: bytes, descriptors: Sequence[int]) -> int:
    """Send the descriptors and the first part of a frame; return how many bytes of it went."""
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
    return sock.sendmsg([frame], rights if descriptors else [])


def receive_with_descriptors(sock: socket.socket, most_bytes: int) -> tuple[bytes, list[int]]:
    """Return what one recvmsg(2) brings; the caller owns the descriptors. Raises Nonsense when some did not fit."""
    room = socket.CMSG_SPACE(MOST_OBJECTS * array.array("i").itemsize)
    content, ancillary, flags, _ = sock.recvmsg(most_bytes, room, socket.MSG_CMSG_CLOEXEC)
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    if flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC):
        for descriptor in descriptors:
            os.close(descriptor)
        raise Nonsense("a message that was cut")
    return content, list(descriptors)


def receive_batch(sock: socket.socket) -> tuple[Batch, list[int]] | None:
    """Wait for the next batch; None when the pool has gone. The caller owns the descriptors. Raises Nonsense."""
    frames = Frames()
    descriptors: list[int] = []
    while True:
        content, more = receive_with_descriptors(sock, _CHUNK)
        descriptors += more
        if not content:
            return None
        frames.feed(content)
        frame = frames.take()
        if frame is not None:
            break
    names = json.loads(frame)
    if not isinstance(names, list) or len(names) != len(descriptors) or not frames.is_empty():
        raise Nonsense("a batch whose names and descriptors differ")
    return Batch(tuple(map(str, names))), descriptors


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def _framed(content: bytes) -> bytes:
    if len(content) > MOST_BYTES:
        raise ValueError("an answer larger than the pool would read")
    return _LENGTH.pack(len(content)) + content
