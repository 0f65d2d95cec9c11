"""The file protection component."""

import asyncio
import contextlib
import os
import stat
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.exclusions import Exclusions
from garrison.abilities.guard import Guard, Hearing
from garrison.abilities.response import Response
from garrison.abilities.scanner import Examined, Progress, Scanner
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Invalid, NotFound, Refused
from garrison.base.paths import Home
from garrison.base.text import plural, printable
from garrison.components.file_protection import events, proving
from garrison.components.file_protection.judging import Case, Judge
from garrison.components.file_protection.memory import Blocked, Memory
from garrison.components.file_protection.noticing import Noticer
from garrison.components.file_protection.pausing import running_among
from garrison.components.file_protection.planning import ID, Left, left_out, places_of, plan_of, watches_everything
from garrison.components.file_protection.results import PlaceRow, Proved, RequestRow, Said
from garrison.components.file_protection.settings import Action, FileProtectionSettings, completed
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble
from garrison.wire.guarding import Actor, Found, Gap, Occasion, Place, Reach, Unexamined, fact_from_plain

_VERSION = 1
_LOOK_SECONDS = 2.0
_READY_SECONDS = 15.0
_MARGIN_SECONDS = 5.0
_LATE_OFTEN = 20  # within an hour
_HOUR_SECONDS = 3600.0
_Path = Annotated[Path, sdk.about("A folder, or where a file system is mounted")]
_Id = Annotated[int, sdk.about("Its number, as requests shows it", ge=1, le=2**53)]


class FileProtection(sdk.Component[FileProtectionSettings]):
    """Examines files when they are opened, run or changed, and keeps people from those with a threat in them."""

    id = ID
    title = "File protection"
    feature = sdk.Feature.PROTECTION
    events = events.EVENTS
    default_operation = "list"

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

    def completed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return changes of settings with those that go with them: a level sets its details."""
        return completed(self.settings, values)

    def settings_changed(self) -> None:
        """Take up the settings. Raises Invalid for an exclusion that cannot be."""
        self._left()
        self._update()

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

    # -- what can be asked --

    @sdk.action("Watched places", access=sdk.Access.VIEW)
    def list(self) -> "Sequence[PlaceRow]":
        """List what is watched, and how."""
        return [
            PlaceRow(path=place.path, reach=place.reach.value, how=self._how(place.path)) for place in self._places()
        ]

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

    @sdk.action("Watch a place", access=sdk.Access.CONFIGURE)
    async def watch(self, path: _Path, caller: sdk.Caller) -> Said:
        """Watch a folder with all below, or a whole file system given by where it is mounted."""
        real, name = _folder(path)
        chosen = [str(each) for each in getattr(self.settings, name)]
        if real not in chosen:
            await self._set(name, [*chosen, real], caller)
        if self._group is not None and self._guard.may_block() and not self._is_paused():
            await self._guard.until(lambda standing: real in {*standing.watched, *standing.refused}, _READY_SECONDS)
        return Said(text=f"{printable(real)}: {printable(self._how(real))}.")

    @sdk.action("No longer watch a place", access=sdk.Access.WEAKEN)
    async def unwatch(self, path: _Path, caller: sdk.Caller) -> Said:
        """No longer watch a place that was chosen."""
        wanted = _names_of(path)
        for name in ("folders", "mounts"):
            chosen = [str(each) for each in getattr(self.settings, name)]
            if wanted & set(chosen):
                await self._set(name, [each for each in chosen if each not in wanted], caller)
                return Said(text=f"{printable(str(path))} is not watched any more.")
        raise NotFound(f"{printable(str(path))} is not among the chosen places.", "garrison file-protection list")

    async def _set(self, name: str, values: Sequence[str], caller: sdk.Caller) -> None:
        await self.host.call("suite.settings-set", caller, name=f"{ID}.{name}", values=[*values])

    @sdk.action("Pause file protection", access=sdk.Access.WEAKEN)
    def pause(self, minutes: Annotated[int, sdk.about("For so many minutes", ge=1, le=10_080)] = 15) -> Said:
        """Watch nothing for a while; what is changed meanwhile is scanned afterwards."""
        now = self._clock.now()
        until = now.timestamp() + minutes * 60
        self._memory.change(paused_from=self._memory.state.paused_from or now.timestamp(), paused_until=until)
        self._update()
        self.host.report(events.ProtectionPaused(how=f"for {plural(minutes, 'minute', 'minutes')}"))
        return Said(text=f"File protection is paused for {plural(minutes, 'minute', 'minutes')}.")

    @sdk.action("Go on protecting files")
    def resume(self) -> Said:
        """End a pause."""
        since = self._memory.state.paused_from
        if not since:
            return Said(text="File protection is not paused by the clock.")
        self._memory.change(paused_from=0.0, paused_until=0.0)
        self._go_on(since)
        return Said(text="File protection goes on; what was changed meanwhile is being scanned.")

    @sdk.action("Confirm file protection", access=sdk.Access.CONFIGURE)
    def confirm(self, caller: sdk.Caller) -> Said:
        """Let every local file be protected: until then threats are told of, and nobody is kept from anything."""
        if not self._memory.state.confirmed:
            self._memory.change(confirmed=True)
            self.host.report(events.ProtectionConfirmed(uid=caller.uid), caller.uid)
        self._update()
        return Said(text="Threats are blocked from now on, wherever files are watched.")

    @sdk.action("Block again", access=sdk.Access.CONFIGURE)
    async def arm(self) -> Said:
        """Block threats again after crashes had made file protection only tell of them."""
        await self._guard.arm()
        return Said(text="Threats are blocked again.")

    @sdk.action("Ask for a blocked file")
    def release(self, path: Annotated[Path, sdk.about("The file that was blocked")], caller: sdk.Caller) -> Said:
        """Ask the owner of this computer to release a file that you were kept from."""
        for entry in reversed(self._memory.blocked):
            if entry.path == str(path) and caller.sees(entry.uid):
                if not entry.state:
                    self._memory.set(entry, "asked")
                    event = events.ReleaseRequested(uid=caller.uid, path=entry.path, threat=entry.threat)
                    self.host.report(event)
                return Said(text=f"Request {entry.id}: {entry.state or 'the owner of this computer has been asked'}.")
        raise NotFound(f"You were not kept from {printable(str(path))}.", "Give its full path, as it was blocked.")

    @sdk.action("Blocked files", access=sdk.Access.VIEW)
    def requests(self, caller: sdk.Caller) -> "Sequence[RequestRow]":
        """List the files that were blocked, and what became of requests to release them."""
        return [
            RequestRow(**{key: value for key, value in asdict(entry).items() if key in RequestRow.model_fields})
            for entry in reversed(self._memory.blocked)
            if caller.sees(entry.uid)
        ]

    def _request(self, number: int) -> Blocked:
        for entry in self._memory.blocked:
            if entry.id == number:
                return entry
        raise NotFound(f"There is no request {number}.", "garrison file-protection requests lists them.")

    @sdk.action("Allow a blocked file", access=sdk.Access.WEAKEN)
    async def allow(self, id: _Id, caller: sdk.Caller) -> Said:
        """Release a file: this very content is left out from now on, and comes back from quarantine."""
        entry = self._request(id)
        if not entry.sha256:
            raise Refused("This file's content is not known, so it cannot be told from others.")
        self._judge.allow(entry.sha256, printable(entry.path))
        self._memory.set(entry, "allowed")
        self.host.report(events.ReleaseAnswered(path=entry.path, answer="allowed"), entry.uid)
        text = f"{printable(entry.path)} is released."
        if entry.quarantine_id:
            try:
                await self.host.call("quarantine.restore", caller, id=entry.quarantine_id)
            except GarrisonError as error:
                text += f" It could not be put back: {error.text}"
        return Said(text=text)

    @sdk.action("Refuse a request", access=sdk.Access.CONFIGURE)
    def refuse(self, id: _Id) -> Said:
        """Leave a file blocked that somebody asked for."""
        entry = self._request(id)
        self._memory.set(entry, "refused")
        self.host.report(events.ReleaseAnswered(path=entry.path, answer="refused"), entry.uid)
        return Said(text=f"{printable(entry.path)} stays blocked.")

    # -- how it stands --

    @sdk.task("Prove file protection", schedule="start, every 1 day, if missed")
    async def prove(self, job: sdk.Job) -> Proved:
        """Really open the EICAR test file in a watched folder of our own, and see that it is refused."""
        job.progress(0, 1)
        proved = await self._prove()
        job.progress(1, 1)
        if proved.passed is not None:
            self._memory.change(proof={"at": self._clock.now().isoformat(), **proved.model_dump()})
            event = events.ProtectionProved(what=proved.what)
            self.host.report(event if proved.passed else events.ProtectionNotProved(why=proved.what))
        return proved

    async def _prove(self) -> Proved:
        if self._group is None or self._is_paused() or not self._places():
            return Proved(passed=None, milliseconds=0, what="nothing is watched now")
        folder = str(self._proof_folder)
        blocks = self._guard.may_block()
        if blocks and not await self._guard.until(lambda standing: folder in standing.watched, _READY_SECONDS):
            return Proved(passed=False, milliseconds=0, what=self._guard.trouble.rstrip(".") or "the guard is silent")
        self._proof_seen.clear()
        began = self._clock.monotonic()
        path = proving.write_test_file(self._proof_folder)
        try:
            return await self._attempt(path, began, blocks)
        except (OSError, ValueError, TimeoutError) as error:
            return Proved(passed=False, milliseconds=0, what=str(error) or "nothing came of it in time")
        finally:
            path.unlink(missing_ok=True)

    async def _attempt(self, path: Path, began: float, blocks: bool) -> Proved:
        refused, took = await proving.try_to_open(path) if blocks else (False, 0)
        if refused:
            return Proved(passed=True, milliseconds=took, what=f"EICAR refused in {took} ms")
        standing = self._guard.standing
        if blocks and (standing is None or standing.watched.get(str(path.parent)) == "blocking"):
            return Proved(passed=False, milliseconds=took, what="the test file could be opened")
        async with asyncio.timeout(_READY_SECONDS):
            await self._proof_seen.wait()
        took = round((self._clock.monotonic() - began) * 1000)
        return Proved(passed=True, milliseconds=took, what=f"EICAR found in {took} ms, not blocked")

    def proof(self) -> sdk.Proof | None:
        """Return when the test file was last tried."""
        try:
            said = dict(self._memory.state.proof or {})
            at = datetime.fromisoformat(said.pop("at"))
            return Proved(**said).proof(at)
        except (KeyError, ValueError, TypeError):
            return None

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        return self.issues_for(sdk.Caller.myself())

    def issues_for(self, caller: sdk.Caller) -> Iterable[sdk.Issue]:
        """Return what is wrong as far as a caller is to know."""
        important = sdk.Severity.IMPORTANT
        if self._is_paused():
            text, fix = sdk.Text("File protection is paused"), "" if self._paused_by else "file-protection.resume"
            yield sdk.Issue(id="paused", severity=important, text=text, fix=fix)
        elif self._group is not None and self._places():
            yield from self._issues_of_watching()
        asked = sum(entry.state == "asked" for entry in self._memory.blocked)
        if asked and caller.is_owner:
            count = plural(asked, "person asks", "people ask")
            text = sdk.Text("{count} for a blocked file: garrison file-protection requests", count=count)
            yield sdk.Issue(id="asked", severity=important, text=text)

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


def _names_of(path: Path) -> set[str]:
    """Return what a place may be called."""
    return {str(path)} if "\0" in str(path) else {str(path), os.path.realpath(path)}


def _folder(path: Path) -> tuple[str, str]:
    """Return the real path of a folder, and which list of places it belongs to. Raises Invalid, NotFound."""
    if not path.is_absolute() or "\0" in str(path):
        raise Invalid(f"{printable(str(path))} is no full path.", "Example: /home/you/Downloads")
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        raise NotFound(f"There is no folder {printable(real)}.", "Name a folder, or where a file system is mounted.")
    return real, "mounts" if os.path.ismount(real) else "folders"
