"""The scan component."""

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from garrison import sdk
from garrison.abilities.response import Action, Handled, LeftInPlace
from garrison.base.errors import GarrisonError, Invalid, NotFound, Unavailable
from garrison.base.paths import account_home
from garrison.base.text import printable
from garrison.components.scan.asking import Choice, Undecided
from garrison.components.scan.events import RunningThreatFound, ScanFinished, ShutDownSoon, ThreatFound
from garrison.components.scan.going_on import GoingOn
from garrison.components.scan.past import PastScan
from garrison.components.scan.places import DRIVE_SECONDS, quick_places, risky_on
from garrison.components.scan.results import Identified, LeftRow, Past, Resolved, ScanRow, ScanSummary
from garrison.components.scan.run import EVERYWHERE, Area
from garrison.components.scan.settings import MOST_PATHS, Kind
from garrison.engine.verdict import Certainty
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble

_BACKGROUND = "Background scan"
_FULL = "Full scan"
_ROOT = "/"


class Scan(GoingOn):
    """Looks for malware in files and folders, and inside archives."""

    id = "scan"
    title = "Scan"
    feature = sdk.Feature.PROTECTION
    events = (ThreatFound, RunningThreatFound, ScanFinished, ShutDownSoon)
    default_operation = "files"
    aliases: ClassVar[dict[str, str]] = {"identify": "identify"}
    purposes = (
        sdk.Purpose(
            "package-files",
            "Fetch packages to mend infected files of programs",
            "To cure a file that belongs to a program of your Linux distribution, Garrison has APT download that "
            "program's package again from the sources your computer uses anyway. They learn which package that is.",
        ),
    )

    @sdk.task("Quick scan")
    async def quick(
        self,
        job: sdk.Job,
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        seconds: Annotated[int | None, sdk.about("End after so many seconds", ge=1, le=86_400)] = None,
    ) -> ScanSummary:
        """Scan what matters most: memory, boot sectors, what starts by itself or hides, downloads and documents."""
        home = account_home(job.caller.uid)
        action = action or self.settings.automatic_action
        limit = float(seconds or self.settings.quick_seconds)
        return await self._scan(
            job,
            "Quick scan",
            lambda: quick_places(home),
            action,
            limit_seconds=limit,
            areas=EVERYWHERE,
            kind=Kind.QUICK,
        )

    @sdk.task("Full scan")
    async def full(
        self,
        job: sdk.Job,
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        shut_down: Annotated[bool, sdk.about("Shut the computer down when it is done and nobody is there")] = False,
    ) -> ScanSummary:
        """Scan the whole computer: memory, boot sectors, what starts by itself or hides, and all files."""
        action = action or self.settings.automatic_action
        if shut_down:
            await self._shutting_down.check(job)
        summary = await self._scan(job, _FULL, lambda: [_ROOT], action, areas=EVERYWHERE, kind=Kind.FULL)
        if not shut_down or summary.waits:
            return summary
        return summary.model_copy(update={"shut_down": await self._shutting_down.after(summary, job)})

    @sdk.task("Startup scan")
    async def startup(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan what starts by itself: units, timers, cron, autostart, shell files, modules, PAM, udev, hooks."""
        return await self._scan(job, "Startup scan", None, action or self.settings.action, areas=Area.STARTUP.alone)

    @sdk.task("Memory scan")
    async def memory(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan the memory of running programs, and the programs, also those whose file is gone."""
        return await self._scan(job, "Memory scan", None, action or self.settings.action, areas=Area.MEMORY.alone)

    @sdk.task("Boot scan")
    async def boot(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan the boot sectors and partition tables of all disks, and the files that start the computer."""
        return await self._scan(job, "Boot scan", None, action or self.settings.action, areas=Area.BOOT.alone)

    @sdk.task("Rootkit scan")
    async def rootkits(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Look for what hides: processes, ports, modules, preloaded libraries, programs without a file."""
        return await self._scan(job, "Rootkit scan", None, action or self.settings.action, areas=Area.ROOTKITS.alone)

    @sdk.task("Background scan")
    async def background(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan memory, what starts by itself or hides, and all files; goes on with one that was paused or cut short."""
        for kept in self._checkpoints.waiting():
            if kept.kind is Kind.BACKGROUND and kept.asker == job.caller:
                return await self._go_on_with(job, kept)
        action = action or self.settings.automatic_action
        areas = frozenset({Area.MEMORY, Area.STARTUP, Area.ROOTKITS})
        return await self._scan(job, _BACKGROUND, lambda: [_ROOT], action, areas=areas, kind=Kind.BACKGROUND)

    @sdk.task("Scan of a removable drive")
    async def removable(
        self,
        job: sdk.Job,
        path: Annotated[Path, sdk.about("Where the drive is mounted")],
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        quick: Annotated[bool, sdk.about("Only what starts, runs or holds macros, for ten minutes at most")] = False,
    ) -> ScanSummary:
        """Scan all of a drive, such as a stick, where it is mounted; and its boot sectors."""
        action = action or self.settings.automatic_action
        async with Acting(job.caller.uid, job.caller.gid, job.caller.groups) as acting:
            if not await acting.run(os.path.ismount, path):
                raise Invalid(
                    "{path} is not where a drive is mounted.",
                    "Any folder: garrison scan FOLDER",
                    path=printable(str(path)),
                )
            root = await acting.run(os.path.realpath, str(path))
        beneath = Area.DRIVE.alone
        if not quick:
            return await self._scan(job, "Removable drive", lambda: [root], action, areas=beneath, kind=Kind.REMOVABLE)
        limit, title = DRIVE_SECONDS, "Removable drive, quick"
        only = risky_on(root)
        return await self._scan(
            job,
            title,
            lambda: [root],
            action,
            limit_seconds=limit,
            areas=beneath,
            only=only,
            kind=Kind.REMOVABLE,
        )

    @sdk.task("Home scan")
    async def home(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan all of your home folder."""
        roots = [str(account_home(job.caller.uid))]
        return await self._scan(job, "Home scan", lambda: roots, action or self.settings.automatic_action)

    @sdk.task("Resolve threats")
    async def resolve(
        self,
        job: sdk.Job,
        path: Annotated[
            list[Path], sdk.about("Only this file, be it known or only suspicious", max_length=MOST_PATHS)
        ] = [],  # never changed
        action: Annotated[Choice | None, sdk.about("What to do about them; quarantine when nothing is said")] = None,
    ) -> Resolved:
        """Act on known threats that were left in place; suspicious files have to be named."""
        caller = job.caller
        left = {entry.path: entry for entry in self._left(caller)}
        named = [str(each) for each in path]
        known = [name for name, entry in left.items() if entry.certainty == Certainty.KNOWN.value]
        wanted = [name for name in (named or known) if name in left]
        harmless: list[str] = []
        failed = [f"{name}: is not among the threats left in place" for name in named if name not in left]
        deed = action.action if action else Action.QUARANTINE if named else Action.AUTOMATIC
        if deed is Action.REPORT:
            return Resolved(moved=0, harmless=[], failed=failed)
        moved = 0
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            try:
                for number, name in enumerate(wanted):
                    job.progress(number, len(wanted), name)
                    result = await self._resolve(name, deed, acting)
                    if result is None:
                        harmless.append(name)
                    elif result.done:
                        moved += 1
                    else:
                        failed.append(f"{name}: {result.result}")
            finally:
                self._response.save()
        return Resolved(moved=moved, harmless=harmless, failed=failed)

    async def _resolve(self, path: str, action: Action, acting: Acting) -> Handled | None:
        """Examine a file again and act on what is found now; None when that is nothing."""
        examined = await self._scanner.examine_file(path, acting)
        if isinstance(examined, Trouble):
            return Handled(action.value, examined.what, done=False)
        passed_over = self._filter((), (), ())
        _, handled = await self._response.handle(examined, action, passed_over, acting, acting.uid)
        if handled is None and examined.verdict.remarks:
            return Handled(action.value, "could not be examined whole", done=False)
        if handled is not None and handled.action == Action.REPORT.value:
            return Handled(action.value, "is only suspicious by now: garrison scan resolve --path moves it", done=False)
        return handled

    async def run(self) -> None:
        """Ask what is to be done about threats that scans have left for somebody to decide on."""
        self.host.ready()
        await self._asking.run(self.host.ask, self._decided)

    async def _decided(self, undecided: Undecided, choice: Choice) -> None:
        caller = undecided.asker
        left = {entry.path for entry in self._left(caller)}
        paths = [path for path in undecided.paths if path in left]
        if paths and choice is not Choice.LEAVE:
            with contextlib.suppress(GarrisonError):  # they stay an issue
                await self.host.call("scan.resolve", caller, path=paths, action=choice.value)

    @sdk.action("Past scans", access=sdk.Access.VIEW)
    def results(self, caller: sdk.Caller) -> list[ScanRow]:
        """List past scans, newest first."""
        return [
            ScanRow(
                id=entry.id,
                at=entry.at,
                task=entry.task,
                files=entry.files,
                threats=entry.threats,
                handled=entry.handled,
                errors=entry.errors,
                seconds=entry.seconds,
                complete=entry.complete,
            )
            for entry in reversed(self._seen_by(caller))
        ]

    @sdk.action("A past scan", access=sdk.Access.VIEW)
    def show(self, scan: Annotated[int, sdk.about("Its number, as results shows it")], caller: sdk.Caller) -> Past:
        """Show what a past scan found."""
        for entry in self._seen_by(caller):
            if entry.id == scan and (summary := self._past.summary(entry)) is not None:
                return summary
        raise NotFound("There is no scan {scan}.", "garrison scan results lists them.", scan=scan)

    @sdk.action("Identify", access=sdk.Access.OPERATE)
    async def identify(self, caller: sdk.Caller, file: Annotated[Path, sdk.about("The file")]) -> Identified:
        """Say what a file is, by its content and not by its name."""
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            path = await acting.run(os.path.realpath, str(file))
            examined = await self._scanner.examine_file(path, acting)
        if isinstance(examined, Trouble):
            raise NotFound("{path} {what}.", path=printable(examined.path), what=printable(examined.what))
        verdict = examined.verdict
        return Identified(path=str(file), type=verdict.type, subtype=verdict.subtype, why=verdict.type_why)

    # -- how it stands --

    def _seen_by(self, caller: sdk.Caller) -> list[PastScan]:
        return [entry for entry in self._past.all() if caller.sees(entry.owner)]

    def _left(self, caller: sdk.Caller) -> list[LeftInPlace]:
        """Return the threats left in place that still are where they were found."""
        return self._still_there.among(entry for entry in self._response.left_in_place() if caller.sees(entry.owner))

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        return self.issues_for(sdk.Caller.myself())

    def issues_for(self, caller: sdk.Caller) -> Iterable[sdk.Issue]:
        """Return what is wrong as far as a caller is to know: their own files only."""
        try:
            self._databases.current()
        except Unavailable as error:
            yield sdk.Issue(
                id="no-databases", severity=sdk.Severity.CRITICAL, text=sdk.Text("{why}", why=error.text.rstrip("."))
            )
        left = self._left(caller)
        known = sum(entry.certainty == "known" for entry in left)
        if known:
            text = sdk.Text(
                "{count} threat was found and left in place",
                many="{count} threats were found and left in place",
                count=known,
            )
            yield sdk.Issue(id="threats", severity=sdk.Severity.CRITICAL, text=text, fix="scan.resolve")
        cut = sum(
            caller.sees(each.owner) and not (each.paused or each.is_of_background)
            for each in self._checkpoints.waiting()
        )
        if cut:
            text = sdk.Text(
                "{count} scan was cut short: garrison scan paused lists them",
                many="{count} scans were cut short: garrison scan paused lists them",
                count=cut,
            )
            yield sdk.Issue(id="cut-short", severity=sdk.Severity.IMPORTANT, text=text, fix="scan.go-on")
        if len(left) > known:
            text = sdk.Text(
                "{count} file is suspicious: garrison scan left lists them, garrison scan resolve --path moves one",
                many="{count} files are suspicious: garrison scan left lists them, "
                "garrison scan resolve --path moves one",
                count=len(left) - known,
            )
            yield sdk.Issue(id="suspicious", severity=sdk.Severity.IMPORTANT, text=text)
        # Another account's scan saw that account's files: it says nothing to the owner.
        if not any(entry.owner in {0, os.geteuid(), caller.uid} for entry in self._past.all()):
            text = sdk.Text("No scan was made yet")
            yield sdk.Issue(id="never", severity=sdk.Severity.IMPORTANT, text=text, fix="scan.quick")

    @sdk.action("Threats left in place", access=sdk.Access.VIEW)
    def left(self, caller: sdk.Caller) -> list[LeftRow]:
        """List the threats that were found and left where they are."""
        return [
            LeftRow(path=entry.path, threat=entry.threat, kind=entry.kind, certainty=entry.certainty, at=entry.found_at)
            for entry in self._left(caller)
        ]
