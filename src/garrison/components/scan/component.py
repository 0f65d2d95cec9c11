"""The scan component."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.databases import Databases
from garrison.abilities.exclusions import Exclusions, Filter
from garrison.abilities.quarantine import Identity
from garrison.abilities.response import Action, Handled, LeftInPlace, Response
from garrison.abilities.scanner import Examined, Progress, Scanner
from garrison.base.clock import Clock
from garrison.base.errors import NotFound, Unavailable
from garrison.base.paths import Home, account_home
from garrison.base.text import plural
from garrison.components.scan.places import quick_places
from garrison.components.scan.results import ErrorRow, FindingRow, LeftRow, Past, PastScans, ScanRow, ScanSummary
from garrison.engine.verdict import Finding
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble

_VERSION = 1


class ScanSettings(sdk.Settings):
    """How scans go about it."""

    action: Action = sdk.field(Action.REPORT, title="What to do about threats when you scan by hand")
    automatic_action: Action = sdk.field(
        Action.AUTOMATIC, title="What to do about threats in scans that run by themselves"
    )
    exclude_masks: list[str] = sdk.field([], title="Leave out paths that fit these masks")
    exclude_names: list[str] = sdk.field([], title="Leave out threats of these names")
    exclude_hashes: list[str] = sdk.field([], title="Leave out files with these SHA-256 hashes")
    seconds_per_object: int = sdk.field(30, title="Give up on one file after (seconds)", ge=1, le=3600)
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
    """What became of the threats that had been left in place."""

    moved: int
    failed: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("{count} put into quarantine.", count=plural(self.moved, "threat was", "threats were"))]
        return lines + [sdk.Text("{what}", what=what) for what in self.failed]

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

    def __init__(  # noqa: PLR0913 # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: ScanSettings,
        home: Home,
        scanner: Scanner,
        databases: Databases,
        response: Response,
        exclusions: Exclusions,
        clock: Clock,
    ) -> None:
        super().__init__(host, settings)
        self._scanner = scanner
        self._databases = databases
        self._response = response
        self._exclusions = exclusions
        self._clock = clock
        self._past = PastScans(home.folder("scan", _VERSION))

    def settings_changed(self) -> None:
        """Hand the time limit to the workers."""
        self._scanner.seconds_per_object = float(self.settings.seconds_per_object)

    # -- what it does --

    @sdk.task("Scan")
    async def files(  # each is an option that people know
        self,
        job: sdk.Job,
        paths: Annotated[list[Path], sdk.about("Files and folders", min_length=1)],
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        exclude: Annotated[list[str], sdk.about("Leave out paths that fit this mask")] = [],  # noqa: B006 # never changed
        exclude_name: Annotated[list[str], sdk.about("Leave out threats of this name")] = [],  # noqa: B006
        exclude_hash: Annotated[list[str], sdk.about("Leave out the file with this SHA-256")] = [],  # noqa: B006
    ) -> ScanSummary:
        """Scan files and folders, and what is inside archives."""
        passed_over = self._filter(exclude, exclude_name, exclude_hash)
        return await self._scan(job, "Scan", [str(path) for path in paths], action or self.settings.action, passed_over)

    @sdk.task("Quick scan")
    async def quick(
        self,
        job: sdk.Job,
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        seconds: Annotated[int | None, sdk.about("End after so many seconds", ge=1)] = None,
    ) -> ScanSummary:
        """Scan what matters most: documents, downloads, desktop, and what starts by itself."""
        roots = quick_places(account_home(job.caller.uid))
        limit = float(seconds or self.settings.quick_seconds)
        return await self._scan(job, "Quick scan", roots, action or self.settings.automatic_action, limit_seconds=limit)

    @sdk.task("Home scan")
    async def home(
        self, job: sdk.Job, action: Annotated[Action | None, sdk.about("What to do about threats")] = None
    ) -> ScanSummary:
        """Scan all of your home folder."""
        roots = [str(account_home(job.caller.uid))]
        return await self._scan(job, "Home scan", roots, action or self.settings.automatic_action)

    @sdk.action("Resolve threats")
    async def resolve(self, caller: sdk.Caller) -> Resolved:
        """Put the threats that were left in place into quarantine."""
        moved, failed = 0, []
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            for entry in self._left(caller):
                handled = await self._response.resolve(entry, acting, caller.uid)
                moved += handled.done
                failed += [] if handled.done else [f"{entry.path}: {handled.result}"]
        return Resolved(moved=moved, failed=failed)

    @sdk.action("Past scans", access=sdk.Access.VIEW)
    def results(self, caller: sdk.Caller) -> list[ScanRow]:
        """List past scans, newest first."""
        rows = []
        for entry in reversed(self._seen_by(caller)):
            summary = entry["summary"]
            rows.append(
                ScanRow(
                    id=entry["id"],
                    at=entry["at"],
                    task=entry["task"],
                    files=summary["files"],
                    threats=len(summary["findings"]),
                    handled=summary["handled"],
                    errors=len(summary["errors"]),
                    seconds=summary["seconds"],
                    complete=summary["complete"],
                )
            )
        return rows

    @sdk.action("A past scan", access=sdk.Access.VIEW)
    def show(self, scan: Annotated[int, sdk.about("Its number, as results shows it")], caller: sdk.Caller) -> Past:
        """Show what a past scan found."""
        for entry in self._seen_by(caller):
            if entry["id"] == scan:
                return Past(**entry["summary"])
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
        roots: list[str],
        wanted: Action,
        passed_over: Filter | None = None,
        limit_seconds: float | None = None,
    ) -> ScanSummary:
        passed_over = passed_over or self._filter((), (), ())
        caller = job.caller
        began = self._clock.monotonic()
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            run = _Run(self, job, wanted, passed_over, acting)
            complete = True
            try:
                async with asyncio.timeout(limit_seconds):
                    await self._scanner.scan(roots, acting, run.take, passed_over.skips_path, run.progress)
            except TimeoutError:
                complete = False
            finally:
                self._response.save()
        summary = run.summary(round(self._clock.monotonic() - began, 3), complete)
        self._finish(title, caller, summary)
        return summary

    def _finish(self, title: str, caller: sdk.Caller, summary: ScanSummary) -> None:
        self._past.add(title, self._clock.now().isoformat(timespec="seconds"), caller.uid, summary)
        event = ScanFinished(
            task=title,
            files=summary.files,
            threats=len(summary.findings),
            handled=summary.handled,
            errors=len(summary.errors),
            seconds=summary.seconds,
            complete=summary.complete,
        )
        self.host.report(event, caller.uid)

    async def judge(self, examined: Examined, run: "_Run") -> tuple[list[Finding], Handled | None]:
        """Do what is to be done about a file that was examined, and tell of it."""
        caller = run.job.caller
        findings, handled = await self._response.handle(examined, run.wanted, run.passed_over, run.acting, caller.uid)
        if handled is not None:
            owner = examined.owner if caller.uid == 0 else caller.uid
            for finding in findings:
                self.host.report(_event(examined.path, finding, handled), owner)
        return findings, handled

    # -- how it stands --

    def _seen_by(self, caller: sdk.Caller) -> list[dict[str, Any]]:
        return [entry for entry in self._past.all() if caller.sees(entry["owner"])]

    def _left(self, caller: sdk.Caller) -> list[LeftInPlace]:
        """Return the threats left in place that still are where they were found."""
        return [
            entry
            for entry in self._response.left_in_place()
            if caller.sees(entry.owner) and _identity(entry.path) == entry.identity
        ]

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        try:
            self._databases.current()
        except Unavailable as error:
            yield sdk.Issue(
                id="no-databases", severity=sdk.Severity.CRITICAL, text=sdk.Text("{why}", why=error.text.rstrip("."))
            )
        left = self._left(sdk.Caller.myself())
        known = sum(entry.certainty == "known" for entry in left)
        if known:
            text = sdk.Text("{threats} found and left in place", threats=plural(known, "threat was", "threats were"))
            yield sdk.Issue(id="threats", severity=sdk.Severity.CRITICAL, text=text, fix="scan.resolve")
        if len(left) > known:
            text = sdk.Text(
                "{files} suspicious: look at them with: garrison scan left",
                files=plural(len(left) - known, "file is", "files are"),
            )
            yield sdk.Issue(id="suspicious", severity=sdk.Severity.IMPORTANT, text=text, fix="scan.resolve")
        if not self._past.all():
            yield sdk.Issue(
                id="never", severity=sdk.Severity.IMPORTANT, text=sdk.Text("No scan was made yet"), fix="scan.quick"
            )

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
        self._findings: list[FindingRow] = []
        self._errors: list[ErrorRow] = []
        self._objects = self._bytes = self._handled = self._unreadable_roots = 0

    async def take(self, item: Examined | Trouble) -> None:
        """Take up what came of one file."""
        if isinstance(item, Trouble):
            self._errors.append(ErrorRow(path=item.path, what=item.what))
            self._unreadable_roots += item.given
            return
        verdict = item.verdict
        self._objects += verdict.objects
        self._bytes += verdict.bytes
        for remark in verdict.remarks:
            self._errors.append(ErrorRow(path=item.path, what=": ".join([*remark.inner, remark.what])))
        findings, handled = await self._scan.judge(item, self)
        if handled is not None:
            self._findings += [_row(item.path, finding, handled) for finding in findings]
            self._handled += len(findings) if handled.done else 0
        self.job.progress(self.progress.done, self.progress.total, item.path)

    def summary(self, seconds: float, complete: bool) -> ScanSummary:
        """Return all that came of it, in the order of paths."""
        return ScanSummary(
            objects=self._objects,
            files=self.progress.done,
            bytes=self._bytes,
            seconds=seconds,
            findings=sorted(self._findings, key=lambda row: (row.path, row.inner)),
            errors=sorted(self._errors, key=lambda row: (row.path, row.what)),
            unreadable_roots=self._unreadable_roots,
            handled=self._handled,
            complete=complete,
        )


def _row(path: str, finding: Finding, handled: Handled) -> FindingRow:
    return FindingRow(
        path=path,
        inner=list(finding.inner),
        name=finding.name,
        kind=finding.kind.value,
        certainty=finding.certainty.value,
        action=handled.action,
        result=handled.result,
        why=finding.why,
        quarantine_id=handled.quarantine_id,
    )


def _event(path: str, finding: Finding, handled: Handled) -> ThreatFound:
    return ThreatFound(
        path=path,
        inner=list(finding.inner),
        threat=finding.name,
        kind=finding.kind.value,
        certainty=finding.certainty.value,
        result=handled.result,
    )


def _identity(path: str) -> Identity | None:
    try:
        return Identity.of(os.lstat(path))
    except OSError:
        return None
