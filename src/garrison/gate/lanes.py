"""The short way for small files: from the thread that was asked straight to a worker of its own, and back.

Only what a worker finds clean ends here. Whatever else comes of a file, or does not come in time, is handed on to the
main thread, which has it examined again with all care.
"""

import array
import contextlib
import os
import select
import socket
import time
from collections.abc import Callable
from json.encoder import encode_basestring_ascii
from typing import NamedTuple

from garrison.gate.contents import Content, Contents
from garrison.gate.questions import Question
from garrison.linux.forkserver import Worker
from garrison.wire.examination import MOST_NAME, Frames, Nonsense, decode_answer

_PER_ACCOUNT, _MOST = 2, 6
_PATIENCE_SECONDS = 0.1
_MOST_SERVED = 4000
_READ_BYTES = 64 * 1024
# How the answer on a clean file looks in most cases, read without taking it apart: no text in it can have these quotes.
_BEGINS, _FOUND_NOTHING, _ENDS = b'[0,{"type":', b',"findings":[],', b',"","",false]'


class Told(NamedTuple):
    """Which content a worker was given. contents: where it is to be learned once it was found clean."""

    contents: Contents
    key: bytes


class Lane:
    """One worker. question: what it examines, None when it is free. told: the content that it was given for it.

    is_new: nothing has been asked of it.
    """

    def __init__(self, worker: Worker, generation: int) -> None:
        self.worker = worker
        self.generation = generation
        self.account = worker.account
        self.connection: socket.socket = worker.connection  # spoken to from another thread
        self.descriptor = self.connection.fileno()
        self.question: Question | None = None
        self.since = 0.0
        self.told: Told | None = None
        self.is_new = True
        self._frames = Frames()
        self._served = 0
        self._copy = -1  # a file in memory, in which the worker gets what has been read
        self._copied = 0

    def submit(self, question: Question, name: str, content: Content | None, contents: Contents) -> bool:
        """Have a file examined, by its content where that has been read; return False when the worker takes none."""
        frame = _asking(name)
        try:
            given = question.descriptor if content is None else self._copied_from(content.view)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", (given,)))]
            if self.connection.sendmsg([frame], rights) != len(frame):
                return False
        except OSError:
            return False
        self.question, self.since = question, time.monotonic()
        self.told = None if content is None else Told(contents, content.key)
        return True

    def _copied_from(self, view: memoryview) -> int:
        if self._copy < 0:
            self._copy = os.memfd_create("object", os.MFD_CLOEXEC)
        if self._copied > len(view):
            os.ftruncate(self._copy, len(view))
        os.pwrite(self._copy, view, 0)
        self._copied = len(view)
        return self._copy

    def close(self) -> None:
        """Give up what it holds here; the worker is for the main thread to dismiss."""
        if self._copy >= 0:
            os.close(self._copy)
            self._copy = -1

    def hear(self) -> tuple[bool, bool] | None:
        """Return whether the file is clean, and whether the worker may go on; None while there is no answer."""
        try:
            content = self.connection.recv(_READ_BYTES)
            if self._frames.is_empty() and _is_plainly_clean(content):
                self._served += 1
                return True, self._served < _MOST_SERVED
            self._frames.feed(content)
            frame = self._frames.take()
            if frame is None:
                return None if content else (False, False)
            answer = decode_answer(frame)
        except BlockingIOError:
            return None
        except (OSError, Nonsense):
            return False, False
        self._served += 1
        untrusted = answer.untrusted_verdict
        is_clean = not answer.failure and isinstance(untrusted, dict) and untrusted.get("findings") == []
        return is_clean, not answer.tired and not answer.failure and self._served < _MOST_SERVED


def _asking(name: str) -> bytes:
    """Return the frame of a batch of one object, as `garrison.wire.examination` has it."""
    names = f"[{encode_basestring_ascii(name[:MOST_NAME])}]".encode("ascii")
    return len(names).to_bytes(4, "big") + names


def _is_plainly_clean(untrusted_content: bytes) -> bool:
    """Return whether this is one whole answer that says that nothing was found, and that the worker may go on."""
    return (
        int.from_bytes(untrusted_content[:4], "big") == len(untrusted_content) - 4
        and untrusted_content.startswith(_BEGINS, 4)
        and untrusted_content.endswith(_ENDS)
        and untrusted_content.count(_FOUND_NOTHING) == 1
    )


class Lanes:
    """The lanes of one thread.

    request: asks the main thread for a lane of an account. dismiss: has it part with a worker. clean: called with a
    question whose file is clean. rest: with one that is to be handed on.
    """

    def __init__(
        self,
        request: Callable[[int], None],
        dismiss: Callable[[Worker], None],
        clean: Callable[[Question, int, Told | None], None],
        rest: Callable[[Question], None],
    ) -> None:
        self._request = request
        self._dismiss = dismiss
        self._clean = clean
        self._rest = rest
        self._lanes: list[Lane] = []
        self._asked: dict[int, float] = {}
        self._poll = select.epoll()
        self._group = -1
        self.generation = 0
        self.busy: dict[int, Lane] = {}  # by descriptor

    def add(self, worker: Worker, generation: int) -> None:
        """Use a worker from now on; from the main thread."""
        self._lanes.append(Lane(worker, generation))

    def take(self, question: Question, name: str, content: Content | None, contents: Contents) -> bool:
        """Have a small file examined; return False when there is no free lane for its owner."""
        account = question.found.st_uid
        of_account = 0
        for lane in tuple(self._lanes):
            if lane.generation != self.generation and lane.question is None:
                self._drop(lane)
            elif lane.account == account:
                of_account += 1
                if lane.question is None:
                    return self._submit(lane, question, name, content, contents)
        if of_account < _PER_ACCOUNT:
            self._want(account)
        return False

    def _want(self, account: int) -> None:
        now = time.monotonic()
        if now - self._asked.get(account, float("-inf")) < 1.0:
            return
        self._asked[account] = now
        free = [lane for lane in self._lanes if lane.question is None and lane.account != account]
        if len(self._lanes) >= _MOST and free:
            self._drop(free[0])
        if len(self._lanes) < _MOST:
            self._request(account)

    def _submit(self, lane: Lane, question: Question, name: str, content: Content | None, contents: Contents) -> bool:
        if not lane.submit(question, name, content, contents):
            self._drop(lane)
            return False
        if lane.is_new:
            lane.is_new = False
            self._poll.register(lane.descriptor, select.EPOLLIN)
        self.busy[lane.descriptor] = lane
        return True

    def wait(self, group: int) -> bool:
        """Take in answers until there are events to read; return whether there are."""
        if self._group != group:
            self._poll.register(group, select.EPOLLIN)
            self._group = group
        is_asked = False
        for descriptor, _ in self._poll.poll(_PATIENCE_SECONDS):
            if descriptor == group:
                is_asked = True
            elif (lane := self.busy.get(descriptor)) is not None:
                self._hear(lane)
            else:
                self._drop_by(descriptor)
        now = time.monotonic()
        for lane in [each for each in self.busy.values() if now - each.since > _PATIENCE_SECONDS]:
            self._finish(lane, is_clean=False, goes_on=False)
        return is_asked

    def _hear(self, lane: Lane) -> None:
        told = lane.hear()
        if told is not None:
            self._finish(lane, *told)

    def _finish(self, lane: Lane, is_clean: bool, goes_on: bool) -> None:
        question = lane.question
        lane.question = None
        self.busy.pop(lane.descriptor, None)
        if not goes_on:
            self._drop(lane)
        if question is not None and is_clean:
            self._clean(question, lane.generation, lane.told)
        elif question is not None:
            self._rest(question)

    def _drop_by(self, descriptor: int) -> None:
        """Part with a free lane whose worker says something unasked: most often it has ended."""
        for lane in [each for each in self._lanes if each.descriptor == descriptor]:
            self._drop(lane)

    def _drop(self, lane: Lane) -> None:
        self._lanes.remove(lane)
        if not lane.is_new:
            with contextlib.suppress(OSError):
                self._poll.unregister(lane.descriptor)
        lane.close()
        self._dismiss(lane.worker)
