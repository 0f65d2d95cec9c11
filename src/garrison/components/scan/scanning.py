"""How any scan goes: files are walked, examined and judged, the outcome is kept and told."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.areas import Areas, Oddity, end
from garrison.abilities.databases import Databases
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.exclusions import Exclusions, Filter
from garrison.abilities.response import Action, Response
from garrison.abilities.scanner import Examined, Scanner
from garrison.abilities.surroundings import Surroundings
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.base.text import phrase
from garrison.components.scan.asking import Asking
from garrison.components.scan.events import ScanFinished, ShutDownSoon, running_threat_found, threat_found
from garrison.components.scan.keeping import Checkpoints, Keeping, Kept
from garrison.components.scan.past import PastScans
from garrison.components.scan.results import RunningRow, ScanSummary
from garrison.components.scan.run import Area, Judges, Run
from garrison.components.scan.settings import (
    MOST_MASKS,
    MOST_PATHS,
    Hash,
    Kind,
    Mask,
    ScanSettings,
    completed,
    gives_way,
    way_of,
)
from garrison.components.scan.shutting_down import ShuttingDown
from garrison.components.scan.there import StillThere
from garrison.linux.acting import Acting

_VERSION = 1
_MOST_DATABASES = 1000
LeftOut = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]  # masks, names, hashes
NOTHING: LeftOut = ((), (), ())
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
        surroundings: Surroundings,
    ) -> None:
        super().__init__(host, settings)
        self._scanner = scanner
        self._databases = databases
        self._response = response
        self._exclusions = exclusions
        self._compiler = compiler
        self._clock = clock
        self._past = PastScans(home.folder("scan", _VERSION))
        self._checkpoints = Checkpoints(home.folder("scan", _VERSION) / "under-way")
        self._asking = Asking(home.folder("scan", _VERSION) / "undecided.json")
        self._shutting_down = ShuttingDown(surroundings, clock, self._warn_of_end)
        self._still_there = StillThere()
        self._areas = Areas(scanner, databases)
        self._judges = Judges(self.judge, self.judge_oddity)

    def _warn_of_end(self, seconds: int) -> None:
        self.host.report(ShutDownSoon(task="Full scan", seconds=seconds))

    def settings_changed(self) -> None:
        """Hand the limits to the workers."""
        self._scanner.way = way_of(self.settings, Kind.USUAL)

    def completed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return changes of settings with those that go with them: a level has details."""
        return completed(self.settings, values)

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
        left_out = tuple(exclude), tuple(exclude_name), tuple(exclude_hash)
        self._filter(*left_out)  # what cannot be is refused before anything else is done
        roots = [str(path) for path in paths]
        wanted = action or self.settings.action
        if database:
            folder = await self._compiler.for_scan(database, job.caller.uid)
            summary = await self._scan(job, "Scan", lambda: roots, wanted, left_out, databases=folder)
        else:
            summary = await self._scan(job, "Scan", lambda: roots, wanted, left_out, every=every)
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
        left_out: LeftOut = NOTHING,
        limit_seconds: float | None = None,
        databases: Path | None = None,
        every: bool = False,
        areas: frozenset[Area] = frozenset(),
        only: Callable[[str], bool] | None = None,
        kind: Kind = Kind.USUAL,
    ) -> ScanSummary:
        caller = job.caller
        async with self._acting(caller, kind) as acting:
            run = Run(self._judges, job, wanted, self._filter(*left_out), acting)
            began = self._clock.monotonic()
            complete = True
            try:
                async with asyncio.timeout(limit_seconds):
                    roots = await acting.run(find_roots) if find_roots else []
                    if limit_seconds is not None or databases is not None:  # too short, or with what may be gone then
                        roots = await self._begin(run, areas, roots)
                        if roots:
                            await self._scanner.scan(
                                roots,
                                acting,
                                run.take,
                                _skipping(run.passed_over, only),
                                run.progress,
                                databases,
                                every,
                                way=way_of(self.settings, kind),
                            )
                        await run.look_last(self._areas, areas, is_brief=limit_seconds is not None)
                    else:
                        return await self._go(run, self._kept(job, title, wanted, left_out, every, areas, roots, kind))
            except TimeoutError:
                complete = False
            finally:
                self._response.save()
        seconds = round(self._clock.monotonic() - began, 3)
        return self._finish(title, run, seconds, complete)

    def _acting(self, caller: sdk.Caller, kind: Kind) -> Acting:
        return Acting(caller.uid, caller.gid, caller.groups, gives_way(self.settings, kind))

    async def _begin(self, run: Run, areas: frozenset[Area], roots: Iterable[str]) -> list[str]:
        """Look at areas, and return all files and folders that are to be scanned then."""
        await run.look(self._areas, areas)
        found = list(dict.fromkeys([*run.roots, *roots]))
        await run.look_beneath(self._areas, areas, found, is_new=True)
        return found

    def _kept(  # what a scan is made of
        self,
        job: sdk.Job,
        title: str,
        wanted: Action,
        left_out: LeftOut,
        every: bool,
        areas: frozenset[Area],
        roots: list[str],
        kind: Kind,
    ) -> Kept:
        caller = job.caller
        return Kept(
            id=self._checkpoints.number(),
            title=title,
            caller=(caller.uid, caller.gid, tuple(caller.groups)),
            wanted=wanted.value,
            left_out=left_out,
            every=every,
            areas=tuple(sorted(areas)),
            roots=tuple(dict.fromkeys(roots)),
            databases=self._databases.name(),
            by_itself=job.by_itself,
            began=self._clock.now().isoformat(timespec="seconds"),
            kind=kind,
        )

    async def _go(self, run: Run, kept: Kept) -> ScanSummary:
        """Scan from where it is, and keep how far that is."""
        with self._checkpoints.follow(kept, run) as keeping:
            try:
                is_done = await self._go_on(run, keeping)
            except asyncio.CancelledError:
                if run.job.suite_ends:
                    keeping.cut(paused=False)
                else:
                    keeping.remove()
                raise
            seconds = round(keeping.seconds, 3)
            if not is_done:
                keeping.cut(paused=True)
                summary = run.gathered.summary(run.progress, seconds, complete=False)
                return summary.model_copy(update={"waits": kept.id})
            summary = self._finish(kept.title, run, seconds, complete=True)
            keeping.remove()
            return summary

    async def _go_on(self, run: Run, keeping: Keeping) -> bool:
        """Do all that is left of a scan; return False when it is to wait."""
        kept, areas = keeping.kept, frozenset(map(Area, keeping.kept.areas))
        if kept.gathered:
            await run.look_again(areas)
            await run.look_beneath(self._areas, areas, kept.roots, is_new=False)
        elif not await keeping.unless_stopped(self._begin_kept(run, keeping, areas), kept):
            return False
        if keeping.kept.roots:
            await self._scanner.scan(
                list(keeping.kept.roots),
                run.acting,
                run.take,
                run.passed_over.skips_path,
                run.progress,
                None,
                kept.every,
                keeping.track,
                way_of(self.settings, kept.kind),
            )
        if keeping.track.is_stopping:
            return False
        return await keeping.unless_stopped(run.look_last(self._areas, areas, is_brief=False), keeping.now())

    async def _begin_kept(self, run: Run, keeping: Keeping, areas: frozenset[Area]) -> None:
        keeping.kept = replace(keeping.kept, roots=tuple(await self._begin(run, areas, keeping.kept.roots)))

    async def _go_on_with(self, job: sdk.Job, kept: Kept) -> ScanSummary:
        """Go on with a scan where it was left; from its beginning when the databases have changed since."""
        self._checkpoints.claimed.add(kept.id)
        if kept.databases != self._databases.name():
            kept = replace(
                kept, databases=self._databases.name(), spot={}, progress=(0, 0, 0), gathered={}, seconds=0.0
            )
        try:
            async with self._acting(kept.asker, kept.kind) as acting:
                run = Run(self._judges, job, Action(kept.wanted), self._filter(*kept.left_out), acting)
                if kept.gathered:
                    run.gathered.take_back(kept.gathered)
                    run.progress.done, run.progress.unchanged, run.progress.unchanged_bytes = kept.progress
                return await self._go(run, kept)
        finally:
            self._checkpoints.claimed.discard(kept.id)
            self._response.save()

    def _finish(self, title: str, run: Run, seconds: float, complete: bool) -> ScanSummary:
        caller = run.job.caller
        run.job.progress(run.progress.done, run.progress.done)  # the count beforehand is a guess
        complete = complete and not run.has_lost_drive()
        summary = run.gathered.summary(run.progress, seconds, complete)
        try:
            self._past.add(title, self._clock.now().isoformat(timespec="seconds"), caller.uid, summary)
        except GarrisonError as error:  # such as a full disk: the answer matters more
            log.warning("a scan could not be kept: %s", error.text)
            summary = summary.model_copy(update={"kept": False})
        self._asking.add(title, caller, run.gathered.undecided())
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
        is_done = run.ends and process is not None and not oddity.is_data and end(process)
        row = RunningRow(
            place=oddity.place,
            pid=process.pid if process else 0,
            program=process.shown if process else "",
            name=finding.name,
            kind=finding.kind.value,
            certainty=finding.certainty.value,
            action=run.wanted.value,
            result=phrase("the process was ended" if is_done else "only reported"),
            why=finding.why,
        )
        if run.gathered.oddity(row, is_done):
            self.host.report(running_threat_found(row), process.uid if process and owner == 0 else owner)


def _skipping(passed_over: Filter, only: Callable[[str], bool] | None) -> Callable[[str], bool]:
    """Return what says which paths are left out. only: which are wanted, None for all."""
    if only is None:
        return passed_over.skips_path
    return lambda path: passed_over.skips_path(path) or not only(path)
