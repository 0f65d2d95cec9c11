"""Asks a person, when a scan has ended, what is to be done about the threats it left for them to decide on.

What is still to be asked or answered is on disk: a question outlives a restart, and one whose scan ended while the
suite ran for a single command is put when it runs for good.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from garrison import sdk
from garrison.abilities.response import Action
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.base.text import plural, printable

_MOST_OPEN = 50
_SHOWN = 5
_WAIT_SECONDS = 7 * 86_400.0
log = logging.getLogger(__name__)


class Choice(StrEnum):
    """What a person may decide about threats that were left in place. delete: a copy stays in quarantine."""

    CURE = "cure"
    QUARANTINE = "quarantine"
    DELETE = "delete"
    LEAVE = "leave"

    @property
    def action(self) -> Action:
        """What is to be done then."""
        return Action.REPORT if self is Choice.LEAVE else Action(self.value)


_BUTTONS = {
    Choice.CURE.value: "Cure, or quarantine what cannot be cured",
    Choice.QUARANTINE.value: "Quarantine",
    Choice.DELETE.value: "Delete; a copy stays in quarantine",
    Choice.LEAVE.value: "Leave where they are",
}


@dataclass(frozen=True, slots=True)
class Undecided:
    """Threats of one scan that somebody has to decide on."""

    number: int
    title: str
    caller: tuple[int, int, tuple[int, ...]]
    paths: tuple[str, ...]

    @property
    def asker(self) -> sdk.Caller:
        """Whose scan it was."""
        return sdk.Caller(*self.caller)

    def question(self) -> sdk.Question:
        """Return what is asked."""
        shown = ", ".join(printable(path) for path in self.paths[:_SHOWN])
        more = ", ..." if len(self.paths) > _SHOWN else ""
        text = sdk.Text(
            "{scan} {number} has left {files} with threats for you to decide on: {paths}. What is to be done?",
            scan=self.title,
            number=self.number,
            files=plural(len(self.paths), "file", "files"),
            paths=shown + more,
        )
        return sdk.Question(f"threats-{self.number}", text, dict(_BUTTONS), Choice.LEAVE.value, _WAIT_SECONDS)

    @classmethod
    def from_plain(cls, untrusted: Any) -> "Undecided":
        """Return what was on disk. Raises ValueError, TypeError, KeyError."""
        uid, gid, groups = untrusted["caller"]
        caller = (int(uid), int(gid), tuple(int(group) for group in groups))
        return cls(int(untrusted["number"]), str(untrusted["title"]), caller, tuple(map(str, untrusted["paths"])))


class Asking:
    """The decisions that are open. file: of ours."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._open = self._read()
        self._last = max((each.number for each in self._open), default=0)
        self._more = asyncio.Event()

    def _read(self) -> list[Undecided]:
        try:
            return [Undecided.from_plain(each) for each in read_json(self._file)]
        except (OSError, ValueError, TypeError, KeyError):
            return []  # the threats themselves are kept elsewhere

    def _write(self) -> None:
        try:
            write_json(self._file, [asdict(each) for each in self._open])
        except GarrisonError as error:
            log.warning("what is still to be decided could not be kept: %s", error.text)

    def add(self, title: str, caller: sdk.Caller, paths: Sequence[str]) -> None:
        """Have somebody asked about the threats of a scan."""
        if paths:
            self._last += 1
            who = (caller.uid, caller.gid, tuple(caller.groups))
            self._open = [*self._open, Undecided(self._last, title, who, tuple(paths))][-_MOST_OPEN:]
            self._write()
            self._more.set()

    async def run(
        self,
        ask: Callable[[sdk.Question, int], Awaitable[str]],
        decided: Callable[[Undecided, Choice], Awaitable[None]],
    ) -> None:
        """Ask about all that is open, and hand on what was decided; until cancelled."""
        asked: set[int] = set()

        async def settle(each: Undecided) -> None:
            choice = Choice(await ask(each.question(), each.asker.uid))
            await decided(each, choice)
            self._open = [other for other in self._open if other.number != each.number]
            self._write()

        async with asyncio.TaskGroup() as group:
            while True:
                self._more.clear()
                for each in self._open:
                    if each.number not in asked:
                        asked.add(each.number)
                        group.create_task(settle(each))
                await self._more.wait()
