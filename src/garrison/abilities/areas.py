"""Looks where threats are that are no files: in memory, in boot sectors, in what hides from view."""

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from garrison.abilities.booting import Booting
from garrison.abilities.databases import Databases
from garrison.abilities.scanner import Scanner
from garrison.abilities.verdicts import verdict_of
from garrison.base.errors import Unavailable
from garrison.base.text import message, phrase, size
from garrison.engine.budget import MIB, Limits
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict
from garrison.linux import crossviews
from garrison.linux.acting import Acting
from garrison.linux.disks import Disk
from garrison.linux.lending import lent
from garrison.linux.running import (
    PROC,
    Region,
    Running,
    environment,
    family,
    has_been_replaced,
    open_program,
    pids,
    pieces,
    regions,
    running,
)
from garrison.linux.walk import Trouble
from garrison.linux.workers import Submitted, WorkerPool
from garrison.sdk.plain import to_plain

_PIECE_BYTES = 8 * MIB
_MOST_OF_ONE = 512 * MIB  # of one process's memory
_MOST_IN_BRIEF = 16 * MIB
_PRELOADS = ("LD_PRELOAD", "LD_AUDIT")
_TRUSTED = ("/usr/lib", "/lib", "/usr/libexec", "/opt/", "/snap/", "/nix/store/")
_FOLDERS = ("/", "/etc", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/var", "/var/lib", "/home", "/root", "/opt")
_ALL_SEALS = 0xF  # F_SEAL_SEAL, SHRINK, GROW and WRITE of fcntl(2): container runtimes run themselves from such


@dataclass(frozen=True, slots=True)
class Oddity:
    """A threat that is no file. place: where it is, in words. process: in which one, None for the system's own.

    is_data: it lies where nothing can run. An editor or a scanner may hold it honestly, so nobody is ended for that.
    """

    place: str
    finding: Finding
    process: Running | None = None
    is_data: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a process's memory to examine, None when it may not be read. is_cut: whether there is more."""

    process: Running
    region: Region | None
    is_cut: bool = False

    @property
    def can_run(self) -> bool:
        return self.region is not None and self.region.is_executable


Sink = Callable[[Oddity | Trouble], Awaitable[None]]


class Areas:
    """Memory, boot sectors and cross-views; everything is read with the rights of whoever asks."""

    def __init__(self, scanner: Scanner, databases: Databases) -> None:
        self._scanner = scanner
        self._databases = databases

    async def rootkits(self, acting: Acting, sink: Sink) -> None:
        """Look for what hides: processes, ports, modules, folders, preloaded libraries, programs without a file."""
        for oddity in await acting.run(_hidden, acting.uid):
            await sink(oddity)
        for process in await acting.run(visible, acting.uid):
            for oddity in await acting.run(_odd_start, process):
                await sink(oddity)
        if acting.uid:
            await sink(
                Trouble(
                    phrase("the rest of the computer"),
                    phrase("only an administrator may look: your own processes were"),
                )
            )

    async def code(self, acting: Acting, sink: Sink) -> None:
        """Examine what processes can execute that lies in no file, and programs whose file is gone. Takes moments."""
        shown = await acting.run(_with_memory, acting.uid)
        await self._lost_programs(shown, acting, sink)
        await self._memory(
            [part for part in await acting.run(_parts, shown, _MOST_OF_ONE) if part.can_run], acting, sink
        )

    async def data(self, acting: Acting, sink: Sink, is_brief: bool = False) -> None:
        """Examine what processes can write to in memory, and say what was not looked at. Takes its time.

        is_brief: of each process only the smaller parts, where something that was put there is likelier to be.
        """
        most = _MOST_IN_BRIEF if is_brief else _MOST_OF_ONE
        parts = await acting.run(_parts, await acting.run(_with_memory, acting.uid), most)
        for part in parts:
            if part.region is None:
                await sink(
                    Trouble(
                        phrase("memory of {process}", process=_named(part.process)),
                        phrase("may not be read by this account"),
                    )
                )
        cut = len({part.process.pid for part in parts if part.is_cut})
        if cut:
            which = message("memory of {count} process", {}, "memory of {count} processes", cut)
            await sink(Trouble(which, phrase("only the smaller parts, {size} of each, were checked", size=size(most))))
        await self._memory([part for part in parts if not part.can_run], acting, sink)
        if acting.uid:
            await sink(
                Trouble(
                    phrase("memory of other accounts"),
                    phrase("only an administrator may look: your own processes were"),
                )
            )

    async def _memory(self, parts: list[_Part], acting: Acting, sink: Sink) -> None:
        work = iter(parts)
        seen: set[tuple[int, str]] = set()
        async with self._pool(acting.gives_way) as pool, asyncio.TaskGroup() as group:
            for _ in range(self._scanner.size):
                group.create_task(_examine_parts(pool, work, acting, seen, sink))

    def _pool(self, gives_way: bool) -> WorkerPool:
        """Return workers that match and do not unpack: what lies in memory is seldom a whole archive."""
        way = self._scanner.way
        limits = to_plain(Limits(object_bytes=2 * _PIECE_BYTES, total_bytes=2 * _PIECE_BYTES, depth=0))
        return WorkerPool(
            self._databases.current(),
            size=self._scanner.size,
            limits=limits,
            seconds=way.seconds,
            heuristics="light",
            gives_way=gives_way,
        )

    async def _lost_programs(self, shown: list[Running], acting: Acting, sink: Sink) -> None:
        seen: set[tuple[int, int]] = set()
        for process in shown:
            if not process.is_deleted:
                continue
            try:
                descriptor = await acting.run(open_program, process.pid)
            except OSError:
                continue
            try:
                status = os.fstat(descriptor)
                key = (status.st_dev, status.st_ino)
                if key not in seen:
                    seen.add(key)
                    await self._tell(await self._verdict(descriptor, process.shown, acting, sink), process, sink)
            finally:
                os.close(descriptor)

    async def _tell(self, verdict: Verdict, process: Running, sink: Sink) -> None:
        for finding in verdict.findings:
            await sink(Oddity(phrase("the program of {process}", process=_named(process)), finding, process))

    async def boot(self, acting: Acting, sink: Sink, found: list[Disk] | None = None) -> None:
        """Examine what starts each disk, and its partition tables; of the whole computer also the boot menu."""
        booting = Booting(self._scanner)
        ways = (
            [booting.sectors(acting, found)] if found is not None else [booting.sectors(acting), booting.menu(acting)]
        )
        for way in ways:
            async for each in way:
                await sink(each if isinstance(each, Trouble) else Oddity(*each))

    async def _verdict(self, descriptor: int, name: str, acting: Acting, sink: Sink) -> Verdict:
        try:
            return await self._scanner.examine_one(descriptor, os.path.basename(name), acting.uid)
        except Unavailable as error:
            await sink(Trouble(name, error.text))
            return Verdict()


async def _examine_parts(
    pool: WorkerPool, work: Iterator[_Part], acting: Acting, seen: set[tuple[int, str]], sink: Sink
) -> None:
    for part in work:
        process, region = part.process, part.region
        if region is None:
            continue
        with contextlib.suppress(OSError):  # it ended meanwhile
            content = pieces(process.pid, region, _PIECE_BYTES)
            while (piece := await acting.run(next, content, None)) is not None:
                with lent(piece) as descriptor:
                    verdict = await _matched(pool, descriptor, acting.uid)
                for finding in verdict.findings:
                    if (process.pid, finding.name) not in seen:
                        seen.add((process.pid, finding.name))
                        await sink(
                            Oddity(
                                phrase("memory of {process}", process=_named(process)),
                                finding,
                                process,
                                not part.can_run,
                            )
                        )


async def _matched(pool: WorkerPool, descriptor: int, account: int) -> Verdict:
    reading = os.open(f"/proc/self/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        async with aclosing(pool.examine([Submitted(reading, "memory")], account)) as outcomes:
            outcome = await anext(outcomes)
    finally:
        os.close(reading)
    # A worker that fails over a piece of memory says little: the piece has neither beginning nor end.
    return Verdict() if outcome.failure else verdict_of(outcome)


def visible(account: int) -> list[Running]:
    """Return the processes that an account may look into, less those of this suite: root all, others their own."""
    every = {pid: process for pid in pids() if (process := running(pid)) is not None}
    ours = family(os.getpid(), every)
    return [each for each in every.values() if each.pid not in ours and not _is_ours(each) and account in {0, each.uid}]


def _is_ours(process: Running) -> bool:
    """Whether it is a process of a suite of this account: those hold what threats look like."""
    if process.uid != os.geteuid():
        return False
    try:
        words = (PROC / str(process.pid) / "cmdline").read_bytes().split(b"\x00")
        program = os.readlink("/proc/self/exe")
    except OSError:
        return False
    return process.program == program and any(word.startswith(b"garrison.") for word in words)


def _with_memory(account: int) -> list[Running]:
    return [each for each in visible(account) if each.pid != 1]


def _parts(shown: list[Running], most: int) -> list[_Part]:
    """Return the parts of memory to examine, of each process so many bytes, the smaller ones first."""
    found: list[_Part] = []
    for process in shown:
        room = most
        try:
            inside = regions(process.pid)
        except OSError:
            if (PROC / str(process.pid)).exists():
                found.append(_Part(process, None))
            continue
        for region in sorted(inside, key=lambda each: (not each.is_executable, each.end - each.start)):
            length = min(room, region.end - region.start)
            room -= length
            is_cut = region.start + length < region.end
            found.append(_Part(process, replace(region, end=region.start + length), is_cut))
            if is_cut:
                break
    return found


def _hidden(account: int) -> list[Oddity]:
    told: list[tuple[str, str, str]] = []
    if account in {0, os.geteuid()}:  # a process that hides does not say whose it is
        why = "it runs, and /proc does not list it"
        told += [("Process", f"process {number}", why) for number in crossviews.hidden_processes()]
        told += [
            ("Process", f"process {pid}", f"something is mounted over it, on {where}")
            for pid, where in crossviews.covered_processes().items()
        ]
    told += [
        ("Port", f"port {port.number} ({port.protocol})", "something waits on it, and /proc/net does not list it")
        for port in crossviews.hidden_ports()
    ]
    told += [
        ("Module", f"kernel module {name}", "it is in the kernel, and /proc/modules does not list it")
        for name in crossviews.hidden_modules()
    ]
    told += [
        ("Folder", f"folder {place}", "it holds more folders than it shows")
        for place in crossviews.hidden_folders(_FOLDERS)
    ]
    return [_odd(f"Rootkit.Hidden{what}", place, why) for what, place, why in told] + _preloaded_everywhere()


def _preloaded_everywhere() -> list[Oddity]:
    try:
        lines = Path("/etc/ld.so.preload").read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return []
    libraries = [word for line in lines for word in line.partition("#")[0].replace(":", " ").split()]
    why = "/etc/ld.so.preload loads it into every program"
    return [_odd("Suspicious.Preload", f"library {library}", why) for library in libraries]


def _odd_start(process: Running) -> list[Oddity]:
    """Return what is odd about how a process was started."""
    found = []
    if process.is_memfd and not _is_sealed(process.pid):
        why = "its program was never a file"
        found.append(_odd("Suspicious.ProgramInMemory", _named(process), why, process))
    elif process.is_deleted and not process.is_memfd and not has_been_replaced(process):
        why = "the file of its program was deleted"
        found.append(_odd("Suspicious.DeletedProgram", _named(process), why, process))
    with contextlib.suppress(OSError):
        variables = environment(process.pid)
        for name in _PRELOADS:
            for library in variables.get(name, "").replace(":", " ").split():
                if "/" in library and not os.path.normpath(library).startswith(_TRUSTED):
                    why = f"{name} loads {library} into it"
                    found.append(_odd("Suspicious.Preload", _named(process), why, process))
    return found


def _is_sealed(pid: int) -> bool:
    try:
        descriptor = open_program(pid)
    except OSError:
        return False
    try:
        return fcntl.fcntl(descriptor, fcntl.F_GET_SEALS) & _ALL_SEALS == _ALL_SEALS
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _odd(name: str, place: str, why: str, process: Running | None = None) -> Oddity:
    return Oddity(place, Finding(name, Kind.ANOMALY, Certainty.PROBABLE, why=why), process)


def _named(process: Running) -> str:
    return f"process {process.pid} ({process.shown})"


def end(process: Running) -> bool:
    """End a process with SIGKILL if it still is the one that was seen; return whether it was sent."""
    try:
        handle = os.pidfd_open(process.pid)
    except OSError:
        return False
    try:
        now = running(process.pid)
        if now is None or (now.began, now.uid) != (process.began, process.uid):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True
