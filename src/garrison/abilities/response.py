"""Decides what is done about a finding, does it, and remembers what was left in place."""

import logging
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from garrison.abilities.exclusions import Filter
from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.scanner import Examined
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.base.paths import Home
from garrison.engine.verdict import Certainty, Finding, Kind
from garrison.linux.acting import Acting

_VERSION = 1
_MOST_LEFT = 10_000  # of one account
_RANK = (Certainty.KNOWN, Certainty.PROBABLE)

log = logging.getLogger(__name__)


class Action(StrEnum):
    """What to do about a threat. automatic: quarantine what is known to be bad, report what only seems so."""

    REPORT = "report"
    QUARANTINE = "quarantine"
    DELETE = "delete"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class Handled:
    """What was done about one file. done: whether the threat is out of the way. result: in words."""

    action: str
    result: str
    done: bool
    quarantine_id: str = ""


@dataclass(frozen=True, slots=True)
class LeftInPlace:
    """A threat that still lies where it was found. found_at: ISO 8601. owner: the account it concerns."""

    path: str
    threat: str
    kind: str
    certainty: str
    owner: int
    found_at: str
    identity: Identity


class Response:
    """The one place where findings have consequences."""

    def __init__(self, home: Home, clock: Clock, quarantine: Quarantine) -> None:
        self._file = home.folder("response", _VERSION) / "left-in-place.json"
        self._clock = clock
        self._quarantine = quarantine
        self._left: dict[str, LeftInPlace] = self._read()
        self._changed = False

    def _read(self) -> dict[str, LeftInPlace]:
        try:
            entries: list[dict[str, Any]] = read_json(self._file)
            left = [_left_in_place(entry) for entry in entries]
        except (OSError, ValueError, KeyError, TypeError):
            return {}  # the next scan finds them again
        return {entry.path: entry for entry in left}

    def left_in_place(self) -> list[LeftInPlace]:
        """Return the threats that nothing was done about."""
        return sorted(self._left.values(), key=lambda entry: entry.path)

    def save(self) -> None:
        """Keep what was learned. Cheap when nothing was; on a full disk it is tried again the next time."""
        if self._changed:
            try:
                write_json(self._file, [asdict(entry) for entry in self.left_in_place()])
                self._changed = False
            except GarrisonError as error:
                log.warning("%s", error.text)

    async def handle(
        self, examined: Examined, action: Action, passed_over: Filter, acting: Acting, by: int
    ) -> tuple[list[Finding], Handled | None]:
        """Do what is to be done about a file; return the findings that count, and what was done (None: none counts)."""
        verdict = examined.verdict
        findings = [finding for finding in verdict.findings if not passed_over.excludes(finding.name, verdict.sha256)]
        if not findings:
            # What an ordinary account leaves out of its own scan is still there for everybody else.
            if not verdict.findings or by in {0, os.geteuid()}:
                self._drop(examined.path)
            return [], None
        worst = min(findings, key=lambda finding: _RANK.index(finding.certainty))
        handled = await self._act(examined.path, examined.identity, worst, action, acting, by)
        self._remember(examined, worst, handled)
        return findings, handled

    async def resolve(self, entry: LeftInPlace, acting: Acting, by: int) -> Handled:
        """Put a threat that was left in place into quarantine."""
        finding = Finding(entry.threat, Kind(entry.kind), Certainty(entry.certainty))
        handled = await self._act(entry.path, entry.identity, finding, Action.QUARANTINE, acting, by)
        if handled.done:
            self.forget(entry.path)
        return handled

    def forget(self, path: str) -> None:
        """Take a path off the list of what was left in place."""
        self._drop(path)
        self.save()

    def _drop(self, path: str) -> None:
        if self._left.pop(path, None):
            self._changed = True

    async def _act(
        self, path: str, identity: Identity, finding: Finding, action: Action, acting: Acting, by: int
    ) -> Handled:
        if action is Action.AUTOMATIC:
            action = Action.QUARANTINE if finding.certainty is Certainty.KNOWN else Action.REPORT
        if action is Action.REPORT:
            return Handled(action.value, "left in place", done=False)
        try:
            record = await self._quarantine.take(path, identity, finding, acting, by)
        except GarrisonError as error:
            return Handled(action.value, f"failed: {error.text}", done=False)
        word = "deleted; a copy is in quarantine" if action is Action.DELETE else "quarantined"
        return Handled(action.value, word, done=True, quarantine_id=record.id)

    def _remember(self, examined: Examined, finding: Finding, handled: Handled) -> None:
        if handled.done:
            self._drop(examined.path)
            return
        if examined.path not in self._left and self._is_too_much(examined.owner):
            return
        self._changed = True
        self._left[examined.path] = LeftInPlace(
            path=examined.path,
            threat=finding.name,
            kind=finding.kind.value,
            certainty=finding.certainty.value,
            owner=examined.owner,
            found_at=self._clock.now().isoformat(timespec="seconds"),
            identity=examined.identity,
        )

    def _is_too_much(self, owner: int) -> bool:
        """Return whether an account has so many entries that it could only mean to fill the list."""
        return (
            len(self._left) >= _MOST_LEFT and sum(entry.owner == owner for entry in self._left.values()) >= _MOST_LEFT
        )


def _left_in_place(plain: dict[str, Any]) -> LeftInPlace:
    entry = LeftInPlace(**{**plain, "identity": Identity(**plain["identity"])})
    Kind(entry.kind), Certainty(entry.certainty)
    if not isinstance(entry.path, str) or not isinstance(entry.threat, str):
        raise TypeError("not an entry")
    return entry
