"""The threads that read events: each answers at once what it can, and hands on what has to be examined."""

import os
import stat
import threading
import time
from collections.abc import Callable

from garrison.gate.contents import MOST_BYTES, Reader
from garrison.gate.lanes import Lanes, Told
from garrison.gate.marks import CHANGES, PERMISSION, Marks
from garrison.gate.own import Own
from garrison.gate.questions import Known, Memory, Question, is_settled, stamp_of
from garrison.gate.rules import Rules
from garrison.linux import fanotify
from garrison.linux.fanotify import What
from garrison.linux.fanotify_events import read_plain
from garrison.wire.guarding import Occasion

_RUN = int(What.OPEN_EXEC_PERM | What.OPEN_EXEC)
_OVERFLOW = int(What.OVERFLOW)


def name_of(descriptor: int) -> str:
    """Return the name of what is open, without its folders; "" when that cannot be told."""
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}").rpartition("/")[2]
    except OSError:
        return ""


class Responder:
    """Reads one group for ever, in a thread of its own.

    take: hands a question to the main thread. overflowed: called when the kernel has lost events. rules: None until
    there is a plan; then everything is handed on.
    """

    def __init__(  # noqa: PLR0913 # what it stands between
        self,
        name: str,
        group: int,
        own: Own,
        marks: Marks,
        memory: Memory,
        take: Callable[[Question], None],
        overflowed: Callable[[], None],
    ) -> None:
        self._group = group
        self.asks = name == PERMISSION
        self._is_changes = name == CHANGES
        self._own = own
        self._marks = marks
        self._memory = memory
        self._take = take
        self._overflowed = overflowed
        self._since = 0.0
        self._reader = Reader()
        self.lanes: Lanes | None = None
        self.examines = True
        self.rules: Rules | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    @property
    def busy_seconds(self) -> float:
        """For how long it has had the same events; infinite when it has ended, which it never should."""
        if not self._thread.is_alive():
            return float("inf")
        since = self._since
        return time.monotonic() - since if since else 0.0

    def _run(self) -> None:
        while True:
            self._since = 0.0
            if self.lanes is not None and self.lanes.busy and not self.lanes.wait(self._group):
                continue
            try:
                events = read_plain(self._group)
            except OSError:  # out of memory or descriptors: the kernel has answered that event itself
                time.sleep(0.01)
                continue
            self._since = time.monotonic()
            for what, descriptor, process in events:
                if descriptor >= 0:
                    self._handle(what, descriptor, process)
                elif what & _OVERFLOW:
                    self._overflowed()

    def _handle(self, what: int, descriptor: int, process: int) -> None:
        """Answer one event or hand it on; whatever goes wrong in here, it is answered."""
        is_handed_on = False
        try:
            is_handed_on = self._consider(what, descriptor, process)
        finally:
            if not is_handed_on:
                if self.asks:
                    fanotify.answer(self._group, descriptor, is_allowed=True)
                os.close(descriptor)

    def _consider(self, what: int, descriptor: int, process: int) -> bool:
        """Return whether an event has been handed on; else it is to be answered, and that is all."""
        if self._own.has(process):
            return False
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            return False
        if self._is_changes:
            self._memory.forget(found)
            self._marks.ask_again(descriptor)
        if not found.st_size or (self._is_changes and not self.examines) or self._is_clean(descriptor, found):
            return False
        if self.rules is not None and self.rules.leave_out(descriptor, process):
            return False
        question = Question(self._group if self.asks else None, descriptor, process, self._occasion(what), found)
        if self._take_short_way(question):
            return True
        self._take(question)
        return True

    def _take_short_way(self, question: Question) -> bool:
        lanes, found = self.lanes, question.found
        if lanes is None or found.st_size > MOST_BYTES or self._memory.recall(found) is not None:
            return False
        generation = lanes.generation
        self._memory.begin(found)
        name, contents = name_of(question.descriptor), self._memory.contents
        content = self._reader.read(question.descriptor, found.st_size, name)
        if content is not None and contents.has(content.key):
            self.clean(question, generation)
            return True
        if lanes.take(question, name, content, contents):
            return True
        self._memory.has_changed(found)
        return False

    def clean(self, question: Question, generation: int, told: Told | None = None) -> None:
        """Let a file pass that was found clean on the short way; have the kernel ask no more if it is as it was."""
        question.answer(is_allowed=True)
        descriptor, stamp = question.descriptor, stamp_of(question.found)
        is_same = self._is_of(generation)
        if is_same and told is not None:
            told.contents.learn(told.key)
        if is_same and is_settled(stamp, time.clock_gettime_ns(time.CLOCK_REALTIME)):
            self._memory.learn(question.found, Known(stamp))
            self._marks.ignore(descriptor)
            has_changed = self._memory.has_changed(question.found)
            if has_changed or stamp_of(os.fstat(descriptor)) != stamp or not self._is_of(generation):
                self._memory.forget(question.found)
                self._marks.ask_again(descriptor)
        else:
            self._memory.has_changed(question.found)
        question.close()

    def _is_of(self, generation: int) -> bool:
        return self.lanes is not None and self.lanes.generation == generation

    def rest(self, question: Question) -> None:
        """Hand on what did not come to an end on the short way."""
        self._memory.has_changed(question.found)
        self._take(question)

    def _is_clean(self, descriptor: int, found: os.stat_result) -> bool:
        """Return whether a file is known to be clean; the kernel then asks no more."""
        known = self._memory.recall(found)
        if known is None or known.untrusted_verdict or known.failure:
            return False
        self._marks.ignore(descriptor)
        if stamp_of(os.fstat(descriptor)) != known.stamp:
            self._marks.ask_again(descriptor)
        return True

    def _occasion(self, what: int) -> Occasion:
        if self._is_changes:
            return Occasion.CHANGE
        return Occasion.RUN if what & _RUN else Occasion.OPEN
