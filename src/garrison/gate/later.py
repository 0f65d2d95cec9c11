"""What is to be examined and nobody waits for: done once writing has come to a rest, so that it slows no writing."""

import itertools
import os
import threading
from typing import NamedTuple

from garrison.gate.questions import Question, stamp_of
from garrison.gate.rules import path_of
from garrison.linux.fanotify import READING
from garrison.wire.guarding import Occasion

QUIET_SECONDS = 0.2  # without a further file
LONGEST_SECONDS = 10.0  # that a file waits though there is no rest
_MOST_OPEN = 1000  # descriptors; of further files the paths are kept
_MOST = 20_000
_MOST_BATCH = 8
_REOPENED = READING | os.O_NOFOLLOW | os.O_NONBLOCK


class _Waiting(NamedTuple):
    question: Question | None
    path: str
    asker: int
    occasion: Occasion
    found: os.stat_result
    since: float


class Later:
    """Files in the order in which they came, each once. Times are of the caller's clock. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[tuple[int, int], _Waiting] = {}  # by device and inode
        self._held = 0
        self._last = float("-inf")

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, question: Question, now: float) -> bool:
        """Take an answered question over, in place of an older one about its file; return False if there is no room."""
        with self._lock:
            return self._put(question, now)

    def _put(self, question: Question, now: float) -> bool:
        self._last = now
        found = question.found
        key = (found.st_dev, found.st_ino)
        old = self._waiting.get(key)
        if old is None and len(self._waiting) >= _MOST:
            question.close()
            return False
        if old is not None:
            self._let_go(old)
        since = now if old is None else old.since
        keeps = self._held < _MOST_OPEN
        path = "" if keeps else path_of(question.descriptor)
        self._held += keeps
        self._waiting[key] = _Waiting(
            question if keeps else None, path, question.asker, question.occasion, found, since
        )  # fmt: skip
        if not keeps:
            question.close()
        return True

    def _let_go(self, waiting: _Waiting) -> None:
        if waiting.question is not None:
            self._held -= 1
            waiting.question.close()

    def due_in(self, now: float) -> float:
        """Return after which time something is to be examined; infinite when nothing waits."""
        oldest = self._oldest()
        if oldest is None:
            return float("inf")
        return max(0.0, min(self._last + QUIET_SECONDS, oldest.since + LONGEST_SECONDS) - now)

    def is_overdue(self, now: float) -> bool:
        """Return whether something has waited for as long as it may."""
        oldest = self._oldest()
        return oldest is not None and oldest.since + LONGEST_SECONDS <= now

    def _oldest(self) -> _Waiting | None:
        with self._lock:
            return next(iter(self._waiting.values()), None)

    def take(self, now: float) -> list[Question]:
        """Return some questions of one account that are due, open again."""
        with self._lock:
            due = self._due(now)
        return [question for waiting in due if (question := _opened(waiting)) is not None]

    def _due(self, now: float) -> list[_Waiting]:
        is_quiet = self._last + QUIET_SECONDS <= now
        due: list[_Waiting] = []
        for waiting in itertools.islice(self._waiting.values(), _MOST_BATCH):
            if not is_quiet and waiting.since + LONGEST_SECONDS > now:
                break
            if due and due[0].found.st_uid != waiting.found.st_uid:
                break
            due.append(waiting)
        for waiting in due:
            del self._waiting[waiting.found.st_dev, waiting.found.st_ino]
            self._held -= waiting.question is not None
        return due


def _opened(waiting: _Waiting) -> Question | None:
    """Return a question with its file open; None when that is not there any more, or is another by now."""
    if waiting.question is not None:
        return waiting.question
    try:
        descriptor = os.open(waiting.path, _REOPENED)
    except OSError:
        return None
    found = os.fstat(descriptor)
    is_same = (found.st_dev, found.st_ino) == (waiting.found.st_dev, waiting.found.st_ino)
    if not is_same or stamp_of(found) != stamp_of(waiting.found):
        os.close(descriptor)
        return None
    return Question(None, descriptor, waiting.asker, waiting.occasion, found)
