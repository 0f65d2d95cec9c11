"""Running programs, by /proc: who they are, what they run, and what is in their memory (proc(5))."""

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
MEMFD = "/memfd:"
_DELETED = " (deleted)"
_MAP = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S{4}) \S+ \S+ (\d+)\s*(.*)$")
_MADE_BY_KERNEL = ("[vvar", "[vdso]", "[vsyscall]", "[uprobes]")


@dataclass(frozen=True, slots=True)
class Running:
    """A process. program: the path of what it runs, "" when that cannot be seen. name: as the kernel has it.

    began: when, in the kernel's ticks, so that another process of the same number is told apart.
    is_deleted: its program has no name any more in the file system. is_memfd: it never had one.
    """

    pid: int
    parent: int
    uid: int
    name: str
    program: str
    began: int = 0
    is_deleted: bool = False
    is_memfd: bool = False

    @property
    def shown(self) -> str:
        """What people are told that it is."""
        return self.program or self.name


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a process's memory that no file on a disk stands for, or not any more. start, end: addresses."""

    start: int
    end: int
    is_executable: bool
    what: str = field(default="")


def pids(proc: Path = PROC) -> list[int]:
    """Return the numbers of the processes that /proc lists."""
    return sorted(int(name) for name in os.listdir(proc) if name.isdigit())


def running(pid: int, proc: Path = PROC) -> Running | None:
    """Return a process; None when it is gone or belongs to the kernel, or what stands in its place is no process."""
    folder = proc / str(pid)
    try:
        status = (folder / "status").read_text("utf-8", "surrogateescape")
        began = int((folder / "stat").read_text("utf-8", "surrogateescape").rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return None
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    try:
        uid, parent, name = int(fields["Uid"].split()[0]), int(fields["PPid"]), fields["Name"]
    except (KeyError, ValueError, IndexError):
        return None
    if "VmSize" not in fields and fields.get("State", "").split()[:1] != ["Z"]:
        return None  # a thread of the kernel
    program = ""
    with contextlib.suppress(OSError):
        program = os.readlink(folder / "exe")
    is_memfd = program.startswith(MEMFD)
    is_deleted = program.endswith(_DELETED)
    return Running(pid, parent, uid, name, program.removesuffix(_DELETED), began, is_deleted, is_memfd)


def family(pid: int, all_running: dict[int, Running]) -> frozenset[int]:
    """Return a process and all that descend from it."""
    found = {pid}
    grew = True
    while grew:
        more = {each.pid for each in all_running.values() if each.parent in found} - found
        grew = bool(more)
        found |= more
    return frozenset(found)


def has_been_replaced(process: Running, proc: Path = PROC) -> bool:
    """Whether a deleted program lies at its place again, as after an upgrade."""
    if process.is_memfd:
        return False
    try:
        return (proc / str(process.pid) / "root" / process.program.lstrip("/")).exists()
    except OSError:
        return False


def open_program(pid: int, proc: Path = PROC) -> int:
    """Return a descriptor of what a process runs, be it deleted or a memfd. Raises OSError."""
    return os.open(proc / str(pid) / "exe", os.O_RDONLY | os.O_CLOEXEC)


def regions(pid: int, proc: Path = PROC) -> list[Region]:
    """Return the parts of a process's memory worth a look, those that can be executed first. Raises OSError."""
    found = []
    for line in (proc / str(pid) / "maps").read_text("utf-8", "surrogateescape").splitlines():
        match = _MAP.match(line)
        if match is None:
            continue
        start, end, rights, inode, name = match.groups()
        is_nameless = inode == "0" or name.endswith(_DELETED) or name.startswith(MEMFD)
        can_run, can_change = "x" in rights, "w" in rights
        if rights[0] == "r" and is_nameless and (can_run or can_change) and not name.startswith(_MADE_BY_KERNEL):
            found.append(Region(int(start, 16), int(end, 16), can_run, name))
    return sorted(found, key=lambda region: (not region.is_executable, region.start))


def pieces(pid: int, region: Region, most: int, proc: Path = PROC) -> Iterator[bytes]:
    """Yield what is in a region in pieces of `most` bytes at most, less the empty pages around each. Raises OSError.

    Pieces overlap by a page, so that what lies across two is whole in one. Pages that were never touched are not made.
    """
    with open(proc / str(pid) / "mem", "rb", buffering=0) as memory:
        at = region.start
        while at < region.end:
            length = min(most, region.end - at)
            try:
                content = os.pread(memory.fileno(), length, at)
            except (OSError, OverflowError):
                content = b""
            if not content:
                return
            trimmed = content.strip(b"\x00")
            if trimmed:
                yield trimmed
            if at + len(content) >= region.end:
                return
            at += max(len(content) - 4096, 4096)


def environment(pid: int, proc: Path = PROC) -> dict[str, str]:
    """Return the variables that a process was started with. Raises OSError."""
    text = (proc / str(pid) / "environ").read_bytes().decode("utf-8", "surrogateescape")
    return dict(entry.split("=", 1) for entry in text.split("\x00") if "=" in entry)
