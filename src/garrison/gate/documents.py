"""The System Watcher in the gate: asks before documents are opened, and stops programs that destroy them.

One thread reads two fanotify groups of its own: one that asks (documents) and one that tells of names. What is told is
always taken first, so that decisions follow the order in which things happened. See docs/explanation/system-watcher.md.
"""

import contextlib
import os
import secrets
import select
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.gate.documents_actors import Actor, Actors
from garrison.gate.documents_alarms import Alarms
from garrison.gate.documents_judge import Judge
from garrison.gate.documents_places import Places
from garrison.gate.documents_reading import Intents
from garrison.gate.documents_store import Store
from garrison.linux import fanotify, freezing
from garrison.linux.fanotify import Features, Init, What
from garrison.linux.fanotify_events import READ_BYTES, Event, Handle, Nonsense, parse
from garrison.linux.handles import identity
from garrison.linux.lineage import command_of
from garrison.wire.watching import Alarm, Decision, Documents, Scarce, Watched

_ASKING = Init.CLASS_PRE_CONTENT | Init.REPORT_TID
_NAMES = Init.REPORT_FID | Init.REPORT_DIR_FID | Init.REPORT_NAME
_TELLING = Init.CLASS_NOTIF | _NAMES | Init.REPORT_TARGET_FID  # of which file: Linux 5.17
_ALWAYS = Init.CLOEXEC | Init.NONBLOCK | Init.UNLIMITED_QUEUE | Init.UNLIMITED_MARKS
_QUESTIONS = int(What.OPEN_PERM | What.PRE_ACCESS)
_IDLE_SECONDS = 5.0
Fact = Alarm | Scarce | Watched


class DocumentsGuard:
    """Guards documents. tell: takes facts, from this guard's thread. is_own: tells our own processes by number.

    refused: protected folder -> why it cannot be watched.
    """

    def __init__(
        self, tell: Callable[[Fact], None], is_own: Callable[[int], bool], clock: Clock, features: Features
    ) -> None:
        self._tell = tell
        self._is_own = is_own
        self._clock = clock
        self._features = features
        self._plan: Documents | None = None
        self._private: tuple[str, ...] = ()
        self._next: tuple[Documents, tuple[str, ...]] | None = None
        self._lock = threading.Lock()
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._applied = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_ending = False
        self.refused: dict[str, str] = {}

    # -- from outside --

    def go_by(self, plan: Documents, private: tuple[str, ...] = (), wait_seconds: float = 30.0) -> bool:
        """Start, or go by another plan from now on; return whether that was done in time."""
        with self._lock:
            self._next = (plan, private)
            self._applied.clear()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, args=(plan,), name="documents", daemon=True)
            self._thread.start()
        os.eventfd_write(self._wake, 1)
        return self._applied.wait(wait_seconds)

    @property
    def is_alive(self) -> bool:
        """Return whether its thread works, or was never started."""
        return self._thread is None or self._thread.is_alive()

    def stop(self) -> None:
        """End the thread and close the groups: nobody is asked any more. Who is stopped stays so."""
        self._is_ending = True
        os.eventfd_write(self._wake, 1)
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._is_ending = False

    # -- the thread --

    def _run(self, plan: Documents) -> None:
        try:
            self._store = Store(Path(plan.store), self._clock, self._tell)
        except OSError as error:  # nothing can be copied: the next plan tries again
            self.refused = dict.fromkeys(plan.folders, f"copies cannot be kept: {error.strerror}")
            self._thread = None
            self._stand(plan)
            return
        asks = self._asks = fanotify.open_group(_ASKING | _ALWAYS)
        tells = self._tells = fanotify.open_group(_TELLING | _ALWAYS)
        self._places = Places(asks, tells)
        self._actors = Actors(self._is_own)
        self._judge = Judge(self._store, self._places, self._features.pre_access)
        self._intents = Intents()
        self._top = freezing.hierarchy()
        self._alarms = Alarms(self._store)
        poll = select.poll()
        for descriptor in (asks, tells, self._wake):
            poll.register(descriptor, select.POLLIN)
        try:
            while not self._is_ending:
                poll.poll(_IDLE_SECONDS * 1000)
                self._take_plan()
                self._take_names()
                self._take_questions()
                self._housekeep()
        finally:
            os.close(asks)
            os.close(tells)
            self._judge.close()
            self._places.close()
            self._store.close()

    def _take_plan(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        with self._lock:
            pending, self._next = self._next, None
        if pending is None:
            return
        plan, private = pending
        self._plan, self._private = plan, private
        self._store.budget_bytes = plan.budget_bytes
        self._store.window_seconds = self._judge.scores.window = plan.window_seconds
        self._judge.copies_on_read = plan.copies_on_read
        self._actors.trust(plan.trusted)
        self._places.apply(plan.folders, plan.traces, (*private, plan.store))
        self.refused = dict(self._places.refused)
        for identifier, decision in plan.decided.items():
            if node := self._alarms.decide(identifier, Decision(decision)):
                self._judge.scores.forgive([node])
        self._stand(plan)

    def _stand(self, plan: Documents) -> None:
        """Say that a plan is gone by, as far as that can be done."""
        self._tell(Watched(plan.folders, dict(self.refused)))
        self._applied.set()

    def _housekeep(self) -> None:
        now = time.monotonic()
        if now - getattr(self, "_kept_house", 0.0) > _IDLE_SECONDS:
            self._kept_house = now
            self._judge.prune()
            self._actors.prune()
            self._alarms.prune()
            if self._top is not None:
                freezing.sweep(self._top)

    # -- what is asked --

    def _take_questions(self) -> None:
        while True:
            try:
                content = os.read(self._asks, READ_BYTES)
            except BlockingIOError:
                return
            except OSError:  # out of descriptors or memory: the kernel has answered that event itself
                time.sleep(0.01)
                return
            with contextlib.suppress(Nonsense):
                for event in parse(content):
                    if event.descriptor >= 0:
                        self._handle(event)

    def _handle(self, event: Event) -> None:
        """Handle one event; whatever goes wrong in here, it is answered and its descriptor closed."""
        is_allowed = True
        try:
            self._take_names()
            is_allowed = self._consider(event)
        except OSError:
            is_allowed = True
        finally:
            if event.what & _QUESTIONS:
                fanotify.answer(self._asks, event.descriptor, is_allowed)
            os.close(event.descriptor)

    def _consider(self, event: Event) -> bool:
        """Return whether what an event asks for is allowed."""
        status = os.fstat(event.descriptor)
        if not stat.S_ISREG(status.st_mode):
            return True
        if event.what & What.CLOSE_WRITE:
            self._weigh(self._judge.closed(event.descriptor, status))
            return True
        actor = self._actors.actor(event.pid)
        if actor is None or actor.is_trusted or self._is_own(actor.process.pid) or self._alarms.forgives(actor.nodes):
            return True
        if self._alarms.stops(actor.nodes):
            return False
        return self._ask(event, status, actor)

    def _ask(self, event: Event, status: os.stat_result, actor: Actor) -> bool:
        path = self._places.own_path(event.descriptor)
        if not path:  # nobody could restore it; a file that has no name any more was copied when it lost it
            return not status.st_nlink or not self._intents.writes(event.pid)
        if event.what & What.PRE_ACCESS:
            if self._intents.changes(event.pid):
                self._actors.changes(actor)
                self._judge.about_to_change(event.descriptor, status, path, actor)
            return True
        if not self._intents.writes(event.pid):
            self._judge.opened_to_read(event.descriptor, status, path, actor)
            return True
        self._actors.changes(actor)
        self._judge.opened_to_write(event.descriptor, status, path, actor)
        return not self._weigh(actor)

    # -- what is told --

    def _take_names(self) -> None:
        while True:
            try:
                content = os.read(self._tells, 64 * 1024)
            except BlockingIOError:
                return
            with contextlib.suppress(Nonsense):
                for event in parse(content):
                    with contextlib.suppress(OSError):
                        self._hear(event)

    def _hear(self, event: Event) -> None:
        if self._is_own(event.pid):
            return
        handles: dict[str, Handle] = {each.role: each for each in event.handles}
        paths = {role: self._places.path_of(handle) for role, handle in handles.items() if role != "self"}
        if event.what & What.ONDIR:
            top = paths.get("folder") or paths.get("new", "")
            if event.what & (What.CREATE | What.RENAME) and top and self._places.is_protected(top):
                self._places.add(top)
            return
        actor = self._actors.actor(event.pid)
        if actor is not None and (actor.is_trusted or self._alarms.forgives(actor.nodes)):
            return
        if actor is not None:
            self._actors.changes(actor)
        file = identity(handles["self"]) if "self" in handles else ""
        if event.what & What.CREATE and paths.get("folder"):
            self._judge.created(paths["folder"], actor, file)
        if event.what & What.DELETE and paths.get("folder"):
            self._weigh(self._judge.deleted(paths["folder"], actor))
        if event.what & What.RENAME:
            self._weigh(self._judge.renamed(paths.get("old", ""), paths.get("new", ""), actor, file))

    # -- what follows --

    def _weigh(self, actor: Actor | None) -> bool:
        """Raise the alarm when it is time to; return whether whoever waits is to be refused."""
        if actor is None or self._plan is None or actor.is_trusted or self._alarms.forgives(actor.nodes):
            return False
        if self._alarms.stops(actor.nodes):  # what it did before it was stopped is told only now
            return True
        now = self._store.now()
        for node in actor.nodes:
            score = self._judge.scores.score(node, now)
            if score >= self._plan.threshold:
                return self._raise_alarm(node, score, actor)
        return False

    def _raise_alarm(self, node: str, score: float, actor: Actor) -> bool:
        assert self._plan is not None
        now = self._store.now()
        if not self._plan.stops and not self._alarms.may_tell(node):
            return False
        identifier = secrets.token_hex(4)
        stopped: dict[str, Any] = {}
        command = command_of(actor.process.pid)
        if self._plan.stops:
            everybody = freezing.stop(lambda: self._actors.members(node, actor), identifier, self._top)
            stopped = everybody.to_plain()
        reasons = dict(list(self._judge.scores.reasons(node).items())[:1000])
        began = now - self._plan.window_seconds
        process = actor.process
        alarm = Alarm(
            identifier, node, process.program, command, process.uid, began, now, score, reasons, stopped, process.pid
        )
        self._alarms.add(alarm)
        self._judge.scores.forgive(actor.nodes)
        self._tell(alarm)
        return self._plan.stops
