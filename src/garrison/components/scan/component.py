"""The scan component."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, ClassVar

from garrison import sdk
from garrison.abilities.databases import Databases
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.exclusions import Exclusions, Filter
from garrison.abilities.response import Action, Handled, LeftInPlace, Response
from garrison.abilities.scanner import Examined, Progress, Scanner, Way
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, NotFound, Unavailable
from garrison.base.paths import Home, account_home
from garrison.base.text import plural, printable
from garrison.components.scan.gather import Gathered
from garrison.components.scan.past import PastScan, PastScans
from garrison.components.scan.places import quick_places
from garrison.components.scan.results import Identified, LeftRow, Past, ScanRow, ScanSummary
from garrison.components.scan.there import StillThere
from garrison.engine.budget import MIB, Limits
from garrison.engine.heuristics.levels import Level
from garrison.engine.verdict import Certainty, Finding
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble

_VERSION = 1
_MOST_MASKS = 100
_MOST_PATHS = 10_000
_MOST_DATABASES = 1000
_Mask = Annotated[sdk.UntrustedText, sdk.about("Mask", max_length=1000)]
_Hash = Annotated[str, sdk.about("Hash", max_length=64)]
log = logging.getLogger(__name__)


class ScanSettings(sdk.Settings):
    """How scans go about it."""

    action: Action = sdk.field(Action.REPORT, title="What to do about threats when you scan by hand")
    automatic_action: Action = sdk.field(
        Action.AUTOMATIC, title="What to do about threats in scans that run by themselves"
    )
    exclude_masks: list[_Mask] = sdk.field([], title="Leave out paths that fit these masks", max_length=_MOST_MASKS)
    exclude_names: list[_Mask] = sdk.field([], title="Leave out threats of these names", max_length=_MOST_MASKS)
    exclude_hashes: list[_Hash] = sdk.field(
        [], title="Leave out files with these SHA-256 hashes", max_length=_MOST_PATHS
    )
    seconds_per_object: int = sdk.field(30, title="Give up on one file after (seconds)", ge=1, le=3600)
    object_mib: int = sdk.field(100, title="Look at so much of one object (MiB)", ge=1, le=1024)
    file_mib: int = sdk.field(400, title="Unpack so much of one file (MiB)", ge=1, le=10_240)
    members: int = sdk.field(10_000, title="Look at so many objects in one file", ge=1, le=1_000_000)
    depth: int = sdk.field(16, title="Open archives in archives so deep", ge=1, le=64)
    ratio: int = sdk.field(250, title="Stop where an archive unpacks to so many times its size", ge=10, le=100_000)
    heuristics: Level = sdk.field(Level.MEDIUM, title="How soon something unknown is called suspicious")
    quick_seconds: int = sdk.field(50, title="End a quick scan after (seconds)", ge=5, le=3600)


class ThreatFound(sdk.Event):
    """A threat was found in a file."""

    says = "{threat} was found in {path}: {result}"
    severity = sdk.Severity.CRITICAL
    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    threat: str
    kind: str
    certainty: str
    result: str


class ScanFinished(sdk.Event):
    """A scan came to its end."""

    says = "{task} ended. Files: {files}; threats: {threats}, of them out of the way: {handled}"
    task: str
    files: int
    threats: int
    handled: int
    errors: int
    seconds: float
    complete: bool


class Resolved(sdk.Result):
    """What became of the threats that had been left in place. harmless: nothing is found there any more."""

    moved: int
    harmless: list[sdk.UntrustedText]
    failed: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("{count} put into quarantine.", count=plural(self.moved, "threat was", "threats were"))]
        lines += [sdk.Text("Nothing is found any more in: {path}", path=printable(path)) for path in self.harmless]
        return lines + [sdk.Text("{what}", what=printable(what)) for what in self.failed]

    def exit_code(self) -> int:
        """Return 3 when one could not be moved."""
        return 3 if self.failed else 0


class Scan(sdk.Component[ScanSettings]):
    """Looks for malware in files and folders, and inside archives."""

    id = "scan"
    title = "Scan"
    feature = sdk.Feature.PROTECTION
    events = (ThreatFound, ScanFinished)
    default_operation = "files"
    aliases: ClassVar[dict[str, str]] = {"identify": "identify"}

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: ScanSettings,
        home: Home,
        scanner: Scanner,
        databases: Databases,
        response: Response,
        exclusions: Exclusions,
        compiler: Compiler,
        clock: Clock,
    ) -> None:
        super().__init__(host, settings)
        self._scanner = scanner
        self._databases = databases
        self._response = response
        self._exclusions = exclusions
        self._compiler = compiler
        self._clock = clock
        self._past = PastScans(home.folder("scan", _VERSION))
        self._still_there = StillThere()

    def settings_changed(self) -> None:
        """Hand the limits to the workers."""
        settings = self.settings
        limits = Limits(
            object_bytes=settings.object_mib * MIB,
            total_bytes=settings.file_mib * MIB,
            members=settings.members,
            depth=settings.depth,
            ratio=settings.ratio,
        )
        self._scanner.way = Way(limits, float(settings.seconds_per_object), settings.heuristics)

    # -- what it does --

    @sdk.task("Scan")
    async def files(  # each is an option that people know
        self,
        job: sdk.Job,
        paths: Annotated[list[Path], sdk.about("Files and folders", min_length=1, max_length=_MOST_PATHS)],
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        exclude: Annotated[  # B006: none of these is ever changed
            list[_Mask], sdk.about("Leave out paths that fit this mask", max_length=_MOST_MASKS)
        ] = [],
        exclude_name: Annotated[list[_Mask], sdk.about("Leave out threats of this name", max_length=_MOST_MASKS)] = [],
        exclude_hash: Annotated[
            list[_Hash], sdk.about("Leave out the file with this SHA-256", max_length=_MOST_PATHS)
        ] = [],
        database: Annotated[
            list[Path],
            sdk.about(
                "Use these signature files or folders, and not the installed databases", max_length=_MOST_DATABASES
            ),
        ] = [],
        every: Annotated[
            bool, sdk.about("Look also at files that have not changed since they were found clean")
        ] = False,
        explain: Annotated[bool, sdk.about("Say why: signature, place, score")] = False,
    ) -> ScanSummary:
        """Scan files and folders, and what is inside archives."""
        passed_over = self._filter(exclude, exclude_name, exclude_hash)
        roots = [str(path) for path in paths]
        wanted = action or self.settings.action
        if database:
            folder = await self._compiler.for_scan(database, job.caller.uid)
            summary = await self._scan(job, "Scan", lambda: roots, wanted, passed_over, databases=folder)
        else:
            summary = await self._scan(job, "Scan", lambda: roots, wanted, passed_over, every=every)
        return summary.model_copy(update={"explained": explain})

    @sdk.task("Quick scan")
    async def quick(
        self,
        job: sdk.Job,
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        seconds: Annotated[int | None, sdk.about("End after so many seconds", ge=1, le=86_400)] = None,
    ) -> ScanSummary:
        """Scan what matters most: documents, downloads, desktop, and what starts by itself."""
        home = account_home(job.caller.uid)
        action = action or self.settings.automatic_action
        limit = float(seconds or self.settings.quick_seconds)
        return await self._scan(job, "Quick scan", lambda: quick_places(home), action, limit_seconds=limit)

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
            list[Path], sdk.about("Only this file, be it known or only suspicious", max_length=_MOST_PATHS)
        ] = [],  # never changed
    ) -> Resolved:
        """Put known threats that were left in place into quarantine; suspicious files have to be named."""
        caller = job.caller
        left = {entry.path: entry for entry in self._left(caller)}
        named = [str(each) for each in path]
        known = [name for name, entry in left.items() if entry.certainty == Certainty.KNOWN.value]
        wanted = [name for name in (named or known) if name in left]
        harmless: list[str] = []
        failed = [f"{name}: is not among the threats left in place" for name in named if name not in left]
        action = Action.QUARANTINE if named else Action.AUTOMATIC
        moved = 0
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            try:
                for number, name in enumerate(wanted):
                    job.progress(number, len(wanted), name)
                    result = await self._resolve(name, action, acting)
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
        raise NotFound(f"There is no scan {scan}.", "garrison scan results lists them.")

    # -- how it does it --

    def _filter(self, masks: Iterable[str], names: Iterable[str], hashes: Iterable[str]) -> Filter:
        own = self.settings
        return self._exclusions.filter_for(
            self.id,
            [*own.exclude_masks, *masks],
            [*own.exclude_names, *names],
            [*own.exclude_hashes, *hashes],
        )

    async def _scan(  # what a scan is made of
        self,
        job: sdk.Job,
        title: str,
        find_roots: Callable[[], list[str]],
        wanted: Action,
        passed_over: Filter | None = None,
        limit_seconds: float | None = None,
        databases: Path | None = None,
        every: bool = False,
    ) -> ScanSummary:
        passed_over = passed_over or self._filter((), (), ())
        caller = job.caller
        began = self._clock.monotonic()
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            run = _Run(self, job, wanted, passed_over, acting)
            complete = True
            try:
                async with asyncio.timeout(limit_seconds):
                    roots = await acting.run(find_roots)
                    await self._scanner.scan(
                        roots, acting, run.take, passed_over.skips_path, run.progress, databases, every
                    )
            except TimeoutError:
                complete = False
            finally:
                self._response.save()
        seconds = round(self._clock.monotonic() - began, 3)
        job.progress(run.progress.done, run.progress.done)  # the count beforehand is a guess
        return self._finish(title, caller, run.gathered.summary(run.progress, seconds, complete))

    def _finish(self, title: str, caller: sdk.Caller, summary: ScanSummary) -> ScanSummary:
        try:
            self._past.add(title, self._clock.now().isoformat(timespec="seconds"), caller.uid, summary)
        except GarrisonError as error:  # such as a full disk: the answer matters more
            log.warning("a scan could not be kept: %s", error.text)
            summary = summary.model_copy(update={"kept": False})
        event = ScanFinished(
            task=title,
            files=summary.files,
            threats=summary.threats,
            handled=summary.handled,
            errors=len(summary.errors) + summary.more_errors,
            seconds=summary.seconds,
            complete=summary.complete,
        )
        self.host.report(event, caller.uid)
        return summary

    async def judge(self, examined: Examined, run: "_Run") -> None:
        """Do what is to be done about a file that was examined, and tell of it."""
        caller = run.job.caller
        findings, handled = await self._response.handle(examined, run.wanted, run.passed_over, run.acting, caller.uid)
        if handled is not None:
            owner = examined.owner if caller.uid == 0 else caller.uid
            for finding in findings:
                if run.gathered.finding(examined.path, finding, handled):
                    self.host.report(_event(examined.path, finding, handled), owner)

    @sdk.action("Identify", access=sdk.Access.OPERATE)
    async def identify(self, caller: sdk.Caller, file: Annotated[Path, sdk.about("The file")]) -> Identified:
        """Say what a file is, by its content and not by its name."""
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            path = await acting.run(os.path.realpath, str(file))
            examined = await self._scanner.examine_file(path, acting)
        if isinstance(examined, Trouble):
            raise NotFound(f"{printable(examined.path)} {printable(examined.what)}.")
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
            text = sdk.Text("{threats} found and left in place", threats=plural(known, "threat was", "threats were"))
            yield sdk.Issue(id="threats", severity=sdk.Severity.CRITICAL, text=text, fix="scan.resolve")
        if len(left) > known:
            text = sdk.Text(
                "{files} suspicious: garrison scan left lists them, garrison scan resolve --path moves one",
                files=plural(len(left) - known, "file is", "files are"),
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


class _Run:
    """One scan under way: gathers what comes of each file."""

    def __init__(self, scan: Scan, job: sdk.Job, wanted: Action, passed_over: Filter, acting: Acting) -> None:
        self._scan = scan
        self.job = job
        self.wanted = wanted
        self.passed_over = passed_over
        self.acting = acting
        self.progress = Progress()
        self.gathered = Gathered()

    async def take(self, item: Examined | Trouble) -> None:
        """Take up what came of one file."""
        if isinstance(item, Trouble):
            self.gathered.trouble(item.path, item.what, item.given)
            return
        self.gathered.verdict(item.path, item.verdict)
        await self._scan.judge(item, self)
        self.job.progress(self.progress.done, self.progress.total, item.path)


def _event(path: str, finding: Finding, handled: Handled) -> ThreatFound:
    return ThreatFound(
        path=path,
        inner=list(finding.inner),
        threat=finding.name,
        kind=finding.kind.value,
        certainty=finding.certainty.value,
        result=handled.result,
    )
