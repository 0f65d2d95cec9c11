"""How any scan goes: files are walked, examined and judged, the outcome is kept and told."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated

from garrison import sdk
from garrison.abilities.areas import Areas, Oddity, end
from garrison.abilities.databases import Databases
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.exclusions import Exclusions, Filter
from garrison.abilities.response import Action, Response
from garrison.abilities.scanner import Examined, Scanner, Way
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.components.scan.events import ScanFinished, running_threat_found, threat_found
from garrison.components.scan.past import PastScans
from garrison.components.scan.results import RunningRow, ScanSummary
from garrison.components.scan.run import Area, Judges, Run
from garrison.components.scan.settings import MOST_MASKS, MOST_PATHS, Hash, Mask, ScanSettings
from garrison.components.scan.there import StillThere
from garrison.engine.budget import MIB, Limits
from garrison.linux.acting import Acting

_VERSION = 1
_MOST_DATABASES = 1000
log = logging.getLogger(__name__)


class Scanning(sdk.Component[ScanSettings]):
    """Looks for malware in files and folders, and inside archives."""

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
        self._areas = Areas(scanner, databases)
        self._judges = Judges(self.judge, self.judge_oddity)

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

    @sdk.task("Scan")
    async def files(  # each is an option that people know
        self,
        job: sdk.Job,
        paths: Annotated[list[Path], sdk.about("Files and folders", min_length=1, max_length=MOST_PATHS)],
        action: Annotated[Action | None, sdk.about("What to do about threats")] = None,
        exclude: Annotated[  # B006: none of these is ever changed
            list[Mask], sdk.about("Leave out paths that fit this mask", max_length=MOST_MASKS)
        ] = [],
        exclude_name: Annotated[list[Mask], sdk.about("Leave out threats of this name", max_length=MOST_MASKS)] = [],
        exclude_hash: Annotated[
            list[Hash], sdk.about("Leave out the file with this SHA-256", max_length=MOST_PATHS)
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
        find_roots: Callable[[], list[str]] | None,
        wanted: Action,
        passed_over: Filter | None = None,
        limit_seconds: float | None = None,
        databases: Path | None = None,
        every: bool = False,
        areas: frozenset[Area] = frozenset(),
    ) -> ScanSummary:
        passed_over = passed_over or self._filter((), (), ())
        caller = job.caller
        began = self._clock.monotonic()
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            run = Run(self._judges, job, wanted, passed_over, acting)
            complete = True
            try:
                async with asyncio.timeout(limit_seconds):
                    await run.look(self._areas, areas)
                    roots = [*run.roots, *(await acting.run(find_roots) if find_roots else [])]
                    if roots:
                        await self._scanner.scan(
                            list(dict.fromkeys(roots)),
                            acting,
                            run.take,
                            passed_over.skips_path,
                            run.progress,
                            databases,
                            every,
                        )
                    await run.look_last(self._areas, areas, is_brief=limit_seconds is not None)
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

    async def judge(self, examined: Examined, run: Run) -> None:
        """Do what is to be done about a file that was examined, and tell of it."""
        caller = run.job.caller
        findings, handled = await self._response.handle(examined, run.wanted, run.passed_over, run.acting, caller.uid)
        if handled is not None:
            owner = examined.owner if caller.uid == 0 else caller.uid
            for finding in findings:
                if run.gathered.finding(examined.path, finding, handled):
                    self.host.report(threat_found(examined.path, finding, handled), owner)
            if handled.done:
                await run.end_programs(examined.path)

    def judge_oddity(self, oddity: Oddity, run: Run) -> None:
        """Do what was asked about a threat that is no file, and tell of it."""
        finding, process, owner = oddity.finding, oddity.process, run.job.caller.uid
        if run.passed_over.excludes(finding.name, ""):
            return
        is_done = run.ends and process is not None and end(process)
        row = RunningRow(
            place=oddity.place,
            pid=process.pid if process else 0,
            program=process.shown if process else "",
            name=finding.name,
            kind=finding.kind.value,
            certainty=finding.certainty.value,
            action=run.wanted.value,
            result="the process was ended" if is_done else "only reported",
            why=finding.why,
        )
        if run.gathered.oddity(row, is_done):
            self.host.report(running_threat_found(row), process.uid if process and owner == 0 else owner)
