"""One scan under way: what it looks at besides the files it was given, and what comes of it all."""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from garrison import sdk
from garrison.abilities.areas import Areas, Oddity, end, visible
from garrison.abilities.exclusions import Filter
from garrison.abilities.response import Action
from garrison.abilities.scanner import Examined, Progress
from garrison.base.paths import account_home
from garrison.base.text import phrase
from garrison.components.scan.gather import Gathered
from garrison.linux.acting import Acting
from garrison.linux.disks import Disk
from garrison.linux.removable import drive_under
from garrison.linux.running import Running
from garrison.linux.startup import startup_objects
from garrison.linux.walk import Trouble

_BOOT_FILES = ("/boot", "/efi")


class Area(StrEnum):
    """A place for threats besides given files."""

    STARTUP = "startup"
    MEMORY = "memory"
    BOOT = "boot"
    ROOTKITS = "rootkits"
    DRIVE = "drive"  # that the files are on

    @property
    def alone(self) -> frozenset["Area"]:
        """The set of this one."""
        return frozenset({self})


EVERYWHERE = frozenset(Area) - Area.DRIVE.alone


@dataclass(frozen=True, slots=True)
class Judges:
    """Who decides about what was found."""

    of_files: Callable[[Examined, "Run"], Awaitable[None]]
    of_oddities: Callable[[Oddity, "Run"], None]


class Run:
    """One scan under way: gathers what comes of each file and each area. roots: files that the areas lead to.

    drive: where the drive is mounted that is scanned, "" for anything else.
    """

    def __init__(self, judges: Judges, job: sdk.Job, wanted: Action, passed_over: Filter, acting: Acting) -> None:
        self._judges = judges
        self.job = job
        self.wanted = wanted
        self.passed_over = passed_over
        self.acting = acting
        self.progress = Progress()
        self.gathered = Gathered()
        self.roots: list[str] = []
        self.drive = ""
        self._disk: Disk | None = None
        self._programs: dict[str, list[Running]] = {}

    @property
    def ends(self) -> bool:
        """Whether processes are to be ended: only where a person asked for more than a report."""
        return self.wanted in {Action.QUARANTINE, Action.DELETE}

    async def look(self, areas: Areas, wanted: frozenset[Area]) -> None:
        """Look at areas, the quickest first."""
        if Area.ROOTKITS in wanted:
            self.job.progress(0, None, "what hides")
            await areas.rootkits(self.acting, self.take_oddity)
        if Area.BOOT in wanted:
            self.job.progress(0, None, "boot sectors")
            await areas.boot(self.acting, self.take_oddity)
            await self.acting.run(self._find_boot_files)
        if Area.STARTUP in wanted:
            await self.acting.run(self._find_startup)
        if Area.MEMORY in wanted:
            self.job.progress(0, None, "memory")
            await self.acting.run(self._find_programs)
            await areas.code(self.acting, self.take_oddity)

    async def look_again(self, wanted: frozenset[Area]) -> None:
        """Find what the areas lead to, for a scan that has looked at them already."""
        if Area.STARTUP in wanted:
            await self.acting.run(self._find_startup)
        if Area.MEMORY in wanted:
            await self.acting.run(self._find_programs)

    async def look_beneath(self, areas: Areas, wanted: frozenset[Area], files: Sequence[str], is_new: bool) -> None:
        """Look at what starts the drive that the files are on. is_new: whether that was not done yet."""
        if Area.DRIVE not in wanted or not files:
            return
        self.drive = files[0]
        self._disk = await self.acting.run(drive_under, self.drive)
        if is_new and self._disk is not None:
            self.job.progress(0, None, phrase("boot sectors of {disk}", disk=self._disk.path))
            await areas.boot(self.acting, self.take_oddity, [self._disk])

    def has_lost_drive(self) -> bool:
        """Return whether the drive was taken away meanwhile; that is noted down."""
        # What was pulled out without a word may still be mounted, with nothing beneath.
        if not self.drive or (os.path.ismount(self.drive) and drive_under(self.drive) == self._disk):
            return False
        self.gathered.trouble(self.drive, phrase("was taken away before all of it was examined"))
        return True

    async def look_last(self, areas: Areas, wanted: frozenset[Area], is_brief: bool) -> None:
        """Look at what takes long and seldom holds anything, when the files are done. is_brief: at the likeliest."""
        if Area.MEMORY in wanted:
            self.job.progress(self.progress.done, None, "memory")
            await areas.data(self.acting, self.take_oddity, is_brief)

    def _find_boot_files(self) -> None:
        self.roots += [path for path in _BOOT_FILES if os.path.isdir(path)]

    def _find_startup(self) -> None:
        for each in startup_objects(account_home(self.acting.uid)):
            path = os.path.realpath(each.path)
            self.gathered.startup.setdefault(path, each.what)
            self.roots.append(path)
            for program in map(os.path.realpath, each.starts):
                self.gathered.startup.setdefault(program, phrase("is started by {path}", path=each.path))
                self.roots.append(program)

    def _find_programs(self) -> None:
        for process in visible(self.acting.uid):
            if process.program and not process.is_deleted and os.path.isfile(process.program):
                self._programs.setdefault(process.program, []).append(process)
        self.roots += self._programs

    async def end_programs(self, path: str) -> None:
        """End what runs a program that was just taken away, where that was asked for."""
        if self.ends:
            for process in self._programs.get(path, ()):
                end(process)

    async def take(self, item: Examined | Trouble) -> None:
        """Take up what came of one file."""
        if isinstance(item, Trouble):
            self.gathered.trouble(item.path, item.what, item.given and item.path not in self.roots)
            return
        await self._judges.of_files(item, self)
        self.gathered.verdict(item.path, item.verdict)  # together: how far the scan is may be written down in between
        self.job.progress(self.progress.done, self.progress.total, item.path)

    async def take_oddity(self, item: Oddity | Trouble) -> None:
        """Take up what came of an area."""
        if isinstance(item, Trouble):
            self.gathered.trouble(item.path, item.what)
        else:
            self._judges.of_oddities(item, self)
