"""The alarms that were raised: who is stopped because of one, and who was let go on."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace

from garrison.gate.documents_store import Store
from garrison.linux.freezing import Stopped
from garrison.wire.watching import Alarm, Decision

_AGAIN_SECONDS = 60.0  # between two alarms about the same programs when they are not stopped


class Alarms:
    """Knows them, also those from before this process. What it holds is bounded by the processes that there are."""

    def __init__(self, store: Store) -> None:
        self._store = store
        alarms = store.alarms()
        self._open = {each.id: each for each in alarms if each.stopped and not each.decision}
        self._stopped = {each.node: each.id for each in self._open.values()}
        self._forgiven: dict[str, Stopped] = {}  # node -> who was let go on
        self._told: dict[str, float] = {}
        for each in alarms:
            if each.decision == Decision.RELEASE:
                self._forgive(each)
        self.prune()
        self._pin()

    def forgives(self, nodes: Iterable[str]) -> bool:
        """Return whether one of some nodes was let go on after an alarm."""
        return any(node in self._forgiven for node in nodes)

    def stops(self, nodes: Iterable[str]) -> bool:
        """Return whether one of some nodes is stopped."""
        return any(node in self._stopped for node in nodes)

    def may_tell(self, node: str) -> bool:
        """Return whether it is time to tell again of somebody who is not stopped, and take it that it is told."""
        now = self._store.now()
        if now - self._told.get(node, float("-inf")) < _AGAIN_SECONDS:
            return False
        self._told[node] = now
        return True

    def add(self, alarm: Alarm) -> None:
        """Take up an alarm."""
        if alarm.stopped:
            self._open[alarm.id] = alarm
            self._stopped[alarm.node] = alarm.id
            self._pin()
        self._store.keep_alarm(alarm)

    def decide(self, identifier: str, decision: Decision) -> str:
        """Do what was decided about an alarm, once; return its node, "" when there was nothing to be decided."""
        alarm = self._open.pop(identifier, None)
        if alarm is None:
            return ""
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            stopped = Stopped.from_plain(dict(alarm.stopped))
            if decision is Decision.END:
                stopped.end()
            else:
                self._forgive(alarm)
                stopped.release()
        self._stopped.pop(alarm.node, None)
        self._pin()
        self._store.keep_alarm(replace(alarm, decision=str(decision)))
        return alarm.node

    def _forgive(self, alarm: Alarm) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            self._forgiven[alarm.node] = Stopped.from_plain(dict(alarm.stopped))

    def _pin(self) -> None:
        self._store.pinned_since = min((each.began for each in self._open.values()), default=None)

    def prune(self) -> None:
        """Forget who has gone: a release holds as long as one of those is there who were stopped."""
        self._forgiven = {node: each for node, each in self._forgiven.items() if not each.are_gone()}
        oldest = self._store.now() - _AGAIN_SECONDS
        self._told = {node: at for node, at in self._told.items() if at > oldest}
