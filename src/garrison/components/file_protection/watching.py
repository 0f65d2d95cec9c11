"""What of file protection runs by itself: it has places watched, and acts on what is found there."""

import asyncio
import contextlib
import os
import stat
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from garrison import sdk
from garrison.abilities.exclusions import Exclusions
from garrison.abilities.guard import Guard, Hearing
from garrison.abilities.response import Response
from garrison.abilities.scanner import Examined, Progress, Scanner
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.base.text import printable
from garrison.components.file_protection import events
from garrison.components.file_protection.judging import Case, Judge
from garrison.components.file_protection.memory import Memory
from garrison.components.file_protection.noticing import Noticer
from garrison.components.file_protection.pausing import running_among
from garrison.components.file_protection.planning import ID, Left, left_out, places_of, plan_of, watches_everything
from garrison.components.file_protection.settings import Action, FileProtectionSettings, completed
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble
from garrison.wire.guarding import Actor, Found, Gap, Occasion, Place, Reach, Unexamined, fact_from_plain

_VERSION = 1
_LOOK_SECONDS = 2.0
READY_SECONDS = 15.0
_MARGIN_SECONDS = 5.0
_LATE_OFTEN = 20  # within an hour
_HOUR_SECONDS = 3600.0


class Watching(sdk.Component[FileProtectionSettings]):
    """Examines files as they are used. Who inherits this adds what people can ask."""

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: FileProtectionSettings,
        home: Home,
        guard: Guard,
        scanner: Scanner,
        response: Response,
        exclusions: Exclusions,
        clock: Clock,
    ) -> None:
        super().__init__(host, settings)
        self._home = home
        self._guard = guard
        self._scanner = scanner
        self._exclusions = exclusions
        self._clock = clock
        self._memory = Memory(home.folder(ID, _VERSION))
        self._proof_folder = self._memory.folder / "proof"
        self._judge = Judge(host, response, exclusions, self._memory, clock, self._left, self._update)
        self._noticer = Noticer(self._examine_written, self._missed)
        self._paused_by = ""  # the program that runs
        self._program_since = 0.0
        self._late: deque[float] = deque()
        self._group: asyncio.TaskGroup | None = None
        self._noticing: asyncio.Task[None] | None = None
        self._noticed: tuple[str, ...] = ()
        self._proof_seen = asyncio.Event()
        self._unseen_since = 0.0  # seconds of the clock; 0: nothing was missed

    def completed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return changes of settings with those that go with them: a level sets its details."""
        return completed(self.settings, values)

    def settings_changed(self) -> None:
        """Take up the settings. Raises Invalid for an exclusion that cannot be."""
        self._left()
        self._update()

    def catch_up(self, since: datetime) -> None:
        """Have what was changed since a time examined, as soon as files are watched again."""
        self._unseen_since = since.timestamp()

    # -- what is watched --

    def _left(self) -> Left:
        return left_out(self.settings, self._exclusions.entries())

    def _places(self) -> tuple[Place, ...]:
        return places_of(self.settings, self._home.is_system)

    def _needs_confirming(self) -> bool:
        return watches_everything(self.settings, self._home.is_system) and not self._memory.state.confirmed

    def _is_paused(self) -> bool:
        return bool(self._paused_by) or self._memory.state.paused_until > self._clock.now().timestamp()

    def _update(self) -> None:
        """Have watched what is to be watched now. Does nothing while this component does not run."""
        if self._group is None:
            return
        places = () if self._is_paused() else self._places()
        if places:
            self._proof_folder.mkdir(mode=0o700, exist_ok=True)
            places = (*places, Place(Reach.FOLDER, str(self._proof_folder)))
        if self._guard.may_block():
            self._guard.watch_files(plan_of(self.settings, places, self._left(), self._needs_confirming()))
        else:
            self._notice(tuple(place.path for place in places if place.reach is not Reach.EVERYTHING))

    def _notice(self, folders: tuple[str, ...]) -> None:
        if folders == self._noticed or self._group is None:
            return
        if self._noticing is not None:
            self._noticing.cancel()
        self._noticed = folders
        self._noticing = self._group.create_task(self._noticer.run(folders)) if folders else None

    async def run(self) -> None:
        """Watch, act on what is found, and take notice of the time and of programs, until cancelled."""
        try:
            with self._guard.hear(fact_from_plain) as hearing:
                async with asyncio.TaskGroup() as group:
                    self._group = group
                    self._update()
                    if self._unseen_since:
                        self._rescan([place.path for place in self._places()], self._unseen_since)
                        self._unseen_since = 0.0
                    group.create_task(self._listen(hearing))
                    group.create_task(self._look())
                    self.host.ready()
        finally:
            self._group, self._noticing, self._noticed = None, None, ()
            self._guard.watch_files(None)

    async def _look(self) -> None:
        """See from time to time whether a pause begins or ends, and whether what is left out has changed."""
        while True:
            was_paused_by, self._paused_by = self._paused_by, running_among(self.settings.pause_while)
            if self._paused_by and not was_paused_by:
                self._program_since = self._clock.now().timestamp()
                how = f"while {printable(self._paused_by)} runs"
                self.host.report(events.ProtectionPaused(how=how))
            elif was_paused_by and not self._paused_by:
                self._go_on(self._program_since)
            state = self._memory.state
            if state.paused_until and state.paused_until <= self._clock.now().timestamp():
                self._memory.change(paused_from=0.0, paused_until=0.0)
                self._go_on(state.paused_from)
            self._update()
            await asyncio.sleep(_LOOK_SECONDS)

    def _go_on(self, since: float) -> None:
        self._update()
        self.host.report(events.ProtectionResumed())
        self._rescan([place.path for place in self._places()], since)

    # -- what is told --

    async def _listen(self, hearing: "Hearing[Any]") -> None:
        async for fact in hearing:
            with contextlib.suppress(ValueError):  # a verdict that is none: the gate has told what became of the file
                await self._take(fact)
            if hearing.missed():
                await self._missed("More happened than could be kept.")

    async def _take(self, fact: object) -> None:
        if isinstance(fact, Found):
            if Path(fact.path).parent == self._proof_folder:
                self._proof_seen.set()
            else:
                await self._found(self._judge.case(fact))
        elif isinstance(fact, Unexamined) and fact.why == "late":
            self._late.append(self._clock.monotonic())
        elif isinstance(fact, Gap):
            self.host.report(events.ProtectionGap(seconds=round(fact.seconds, 3), why=fact.why))
            self._rescan(fact.places, self._clock.now().timestamp() - fact.seconds)

    async def _found(self, case: Case) -> bool:
        counts = await self._judge.judge(case, self.settings.action)
        if counts and self.settings.action is Action.ASK and self._group is not None:
            self._group.create_task(self._judge.ask(case))
        return counts

    async def _missed(self, why: str) -> None:
        self.host.report(events.ProtectionGap(seconds=0.0, why=why))
        self._rescan([place.path for place in self._places()], self._clock.now().timestamp() - _HOUR_SECONDS)

    async def _examine_written(self, paths: set[str]) -> None:
        async with Acting(os.geteuid(), os.getegid(), os.getgroups()) as acting:
            for path in sorted(paths):
                if self._skips(path):
                    continue
                examined = await self._scanner.examine_file(path, acting)
                if isinstance(examined, Examined) and examined.verdict.findings:
                    if Path(path).parent == self._proof_folder:
                        self._proof_seen.set()
                    else:
                        await self._found(_written(examined))

    def _skips(self, path: str) -> bool:
        left = self._left()
        return self._exclusions.filter_for(self.id, left.masks, (), ()).skips_path(path)

    def _rescan(self, places: Iterable[str], since: float) -> None:
        """Have examined what was changed since a time (seconds of the clock)."""
        roots = [path for path in places if path != str(self._proof_folder)]
        if self._group is not None and roots:
            self._group.create_task(self._scan_changed(roots, since - _MARGIN_SECONDS))

    async def _scan_changed(self, roots: list[str], since: float) -> None:
        progress, threats = Progress(), 0

        def skip(path: str) -> bool:
            try:
                status = os.lstat(path)
            except OSError:
                return False
            return (not stat.S_ISDIR(status.st_mode) and status.st_ctime < since) or self._skips(path)

        async def sink(examined: Examined | Trouble) -> None:
            nonlocal threats
            if isinstance(examined, Examined) and examined.verdict.findings:
                threats += await self._found(_written(examined))

        with contextlib.suppress(GarrisonError):  # no scanner: status says so
            async with Acting(os.geteuid(), os.getegid(), os.getgroups()) as acting:
                await self._scanner.scan(roots, acting, sink, skip, progress)
            self.host.report(events.GapScanned(files=progress.done, threats=threats))

    # -- how it stands --

    def _how(self, path: str) -> str:
        if self._group is None:
            return "not watched: file protection does not run"
        if self._is_paused():
            return "paused"
        if not self._guard.may_block():
            return "telling" if path in self._noticer.watched else f"not watched: {self._noticer.refused.get(path, '')}"
        standing = self._guard.standing
        if standing is None:
            return f"not watched: {self._guard.trouble or 'the guard is starting'}"
        return standing.watched.get(path) or f"not watched: {standing.refused.get(path, 'it is being taken up')}"

    def _issues_of_watching(self) -> Iterable[sdk.Issue]:
        important = sdk.Severity.IMPORTANT
        if not self._guard.may_block():
            text = sdk.Text("Files are examined after they were written; to block them, Garrison has to run as root")
            yield sdk.Issue(id="telling", severity=sdk.Severity.INFO, text=text)
        elif self._needs_confirming():
            text = sdk.Text("File protection only tells of threats until you confirm that it may block them")
            yield sdk.Issue(id="observing", severity=important, text=text, fix="file-protection.confirm")
        elif self.settings.action is Action.TELL:
            text = sdk.Text("File protection only tells of threats, as it is set")
            yield sdk.Issue(id="tells", severity=important, text=text)
        if self._guard.trouble:
            text = sdk.Text("{why}", why=self._guard.trouble.rstrip("."))
            yield sdk.Issue(id="not-running", severity=sdk.Severity.CRITICAL, text=text)
        standing = self._guard.standing
        if standing is not None and standing.fuse:
            text = sdk.Text("File protection only tells of threats: {why}", why=standing.fuse.rstrip("."))
            yield sdk.Issue(id="fuse", severity=sdk.Severity.CRITICAL, text=text, fix="file-protection.arm")
        refused = standing.refused if standing is not None else self._noticer.refused
        for path, why in refused.items():
            text = sdk.Text("{path} cannot be watched: {why}", path=printable(path), why=printable(why))
            yield sdk.Issue(id="refused", severity=important, text=text)
        if self._late_lately() >= _LATE_OFTEN:
            text = sdk.Text("Files often pass before they are examined; the computer may be too busy")
            yield sdk.Issue(id="late", severity=important, text=text)

    def _late_lately(self) -> int:
        while self._late and self._late[0] < self._clock.monotonic() - _HOUR_SECONDS:
            self._late.popleft()
        return len(self._late)


def _written(examined: Examined) -> Case:
    """Return a file that was found after it had been written, nobody knows by whom."""
    return Case(examined, Occasion.CHANGE, False, Actor(0, examined.owner, "an unknown program"))
