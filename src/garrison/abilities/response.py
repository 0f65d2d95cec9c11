"""Decides what is done about a finding, does it, and remembers what was left in place."""

import json
import logging
import os
from collections import Counter
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from garrison.abilities.curing import Curing, Replacement
from garrison.abilities.exclusions import Filter
from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.quarantine.place import opened_examined
from garrison.abilities.scanner import Examined
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import explain, read_json, write_json
from garrison.base.paths import Home
from garrison.base.text import phrase
from garrison.engine.verdict import Certainty, Finding, Kind
from garrison.linux.acting import Acting

_VERSION = 1
_MOST_LEFT = 10_000  # of one account
_MOST_LEFT_BYTES = 4 * 1024 * 1024  # of one account, on disk, about
_ENTRY_BYTES = 300  # of an entry without its path
_RANK = (Certainty.KNOWN, Certainty.PROBABLE)

log = logging.getLogger(__name__)


class Action(StrEnum):
    """What to do about a threat. automatic: quarantine what is known to be bad, report what only seems so.

    cure: put a harmless form of the file in its place; quarantine where there is none. ask: leave it in place, for
    whoever looks at it to be asked in the end.
    """

    REPORT = "report"
    CURE = "cure"
    QUARANTINE = "quarantine"
    DELETE = "delete"
    AUTOMATIC = "automatic"
    ASK = "ask"


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

    def __init__(self, home: Home, clock: Clock, quarantine: Quarantine, curing: Curing) -> None:
        self._file = home.folder("response", _VERSION) / "left-in-place.json"
        self._clock = clock
        self._quarantine = quarantine
        self._curing = curing
        self._left: dict[str, LeftInPlace] = self._read()
        self._changed = False
        self._counts: Counter[int] = Counter()  # entries by account
        self._sizes: Counter[int] = Counter()
        for entry in self._left.values():
            self._count(entry, 1)

    def _count(self, entry: LeftInPlace, sign: int) -> None:
        self._counts[entry.owner] += sign
        self._sizes[entry.owner] += sign * _weight(entry)

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
            # What an ordinary account leaves out of its own scan is still there for everybody else. What could not be
            # seen whole may still hold what was found before.
            if by in {0, os.geteuid()} if verdict.findings else not verdict.remarks:
                self._drop(examined.path)
            return [], None
        worst = min(findings, key=lambda finding: _RANK.index(finding.certainty))
        handled = await self._act(examined, worst, action, acting, by)
        self._remember(examined, worst, handled)
        return findings, handled

    def _drop(self, path: str) -> None:
        entry = self._left.pop(path, None)
        if entry is not None:
            self._count(entry, -1)
            self._changed = True

    async def _act(self, examined: Examined, finding: Finding, action: Action, acting: Acting, by: int) -> Handled:
        if action is Action.AUTOMATIC:
            action = Action.QUARANTINE if finding.certainty is Certainty.KNOWN else Action.REPORT
        if action is Action.ASK:
            return Handled(action.value, phrase("left in place until it is decided on"), done=False)
        if action is Action.REPORT:
            return Handled(action.value, phrase("left in place"), done=False)
        if action is Action.CURE:
            return await self._cure(examined, finding, acting, by)
        return await self._take(examined, finding, action, acting, by)

    async def _cure(self, examined: Examined, finding: Finding, acting: Acting, by: int) -> Handled:
        """Make a harmless form of a file first, take the file into quarantine, then put that in its place."""
        try:
            replacement = await self._replacement(examined, acting, by)
        except GarrisonError as error:
            taken = await self._take(examined, finding, Action.QUARANTINE, acting, by)
            return replace(taken, result=phrase("{result}. {why}", result=taken.result, why=error.text))
        taken = await self._take(examined, finding, Action.CURE, acting, by)
        if not taken.done:
            return taken
        try:
            missing = await self._quarantine.put_cured(
                self._quarantine.record(taken.quarantine_id), replacement.content, acting
            )
        except GarrisonError as error:
            return replace(taken, action=Action.QUARANTINE.value, result=phrase("quarantined. {why}", why=error.text))
        if missing:
            result = phrase("cured ({how}), without {what}; the original is in quarantine", how=replacement.how,
                            what=", ".join(missing))  # fmt: skip
        else:
            result = phrase("cured ({how}); the original is in quarantine", how=replacement.how)
        return replace(taken, result=result)

    async def _replacement(self, examined: Examined, acting: Acting, by: int) -> Replacement:
        """Return what can take a file's place. Raises a GarrisonError."""
        try:
            descriptor = await acting.run(opened_examined, examined.path, examined.identity)
        except OSError as error:
            raise explain(error, "read {path}", path=examined.path) from error
        try:
            return await self._curing.replacement(descriptor, examined.path, is_owner=by == 0)
        finally:
            os.close(descriptor)

    async def _take(self, examined: Examined, finding: Finding, action: Action, acting: Acting, by: int) -> Handled:
        try:
            record = await self._quarantine.take(
                examined.path, examined.identity, finding, acting, by, examined.verdict.sha256
            )
        except GarrisonError as error:
            return Handled(action.value, phrase("failed: {why}", why=error.text), done=False)
        word = phrase("deleted; a copy is in quarantine" if action is Action.DELETE else "quarantined")
        return Handled(action.value, word, done=True, quarantine_id=record.id)

    def _remember(self, examined: Examined, finding: Finding, handled: Handled) -> None:
        self._drop(examined.path)
        if handled.done:
            return
        entry = LeftInPlace(
            path=examined.path,
            threat=finding.name,
            kind=finding.kind.value,
            certainty=finding.certainty.value,
            owner=examined.owner,
            found_at=self._clock.now().isoformat(timespec="seconds"),
            identity=examined.identity,
        )
        # So many entries of one account could only be meant to fill the list.
        is_room = self._sizes[entry.owner] + _weight(entry) <= _MOST_LEFT_BYTES
        if is_room and self._counts[entry.owner] < _MOST_LEFT:
            self._changed = True
            self._left[entry.path] = entry
            self._count(entry, 1)


def _weight(entry: LeftInPlace) -> int:
    """Return what an entry takes on disk, about: JSON writes a character that is not ASCII as six to twelve."""
    return _ENTRY_BYTES + len(json.dumps(entry.path)) + len(entry.threat)


def _left_in_place(plain: dict[str, Any]) -> LeftInPlace:
    entry = LeftInPlace(**{**plain, "identity": Identity(**plain["identity"])})
    Kind(entry.kind), Certainty(entry.certainty)
    if not isinstance(entry.path, str) or not isinstance(entry.threat, str):
        raise TypeError("not an entry")
    return entry
