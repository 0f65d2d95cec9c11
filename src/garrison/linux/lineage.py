"""Who a process is and where it comes from, read from /proc (proc(5))."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_MOST_ANCESTORS = 40
_STATUS_BYTES = 4096
_DELETED = " (deleted)"


@dataclass(frozen=True, slots=True)
class Process:
    """A process. start: in clock ticks since boot; with the number it names one process for ever. uid: effective.

    program: the path of what it runs, "" for a kernel thread or one that has gone. is_sound: the program belongs to
    root, nobody else may write it, nothing is loaded into it by LD_PRELOAD or LD_AUDIT, and it is the very program that
    we too find at its path: in a namespace of their own, people can call any program by any name.
    """

    pid: int
    start: int
    parent: int
    session: int
    program: str
    uid: int
    is_sound: bool

    @property
    def name(self) -> str:
        """Its name for records."""
        return f"{self.pid}.{self.start}"


def look(number: int) -> Process | None:
    """Return the process of a number, which may be that of a thread; None when it has gone."""
    try:
        status = _read(f"/proc/{number}/status")
        pid = int(_field(status, b"Tgid:")[0])
        parent, session, start = _stat(pid)
        uid = int(_field(status, b"Uid:")[1])
    except (OSError, ValueError, IndexError):
        return None
    program, is_sound = _program(pid)
    return Process(pid, start, parent, session, program, uid, is_sound)


def start_of(pid: int) -> int | None:
    """Return when a process started, None when there is none."""
    try:
        return _stat(pid)[2]
    except (OSError, ValueError, IndexError):
        return None


def ancestors(process: Process) -> list[Process]:
    """Return a process and those it descends from, itself first, as far as they can be told."""
    found = [process]
    while found[-1].parent > 1 and len(found) < _MOST_ANCESTORS:
        parent = look(found[-1].parent)
        if parent is None or parent.start > found[-1].start:
            break
        found.append(parent)
    return found


def table() -> dict[int, tuple[int, int, int]]:
    """Return parent, session and start of every process there is."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[int(name)] = _stat(int(name))
    return found


def command_of(pid: int) -> str:
    """Return the command line of a process, cut; "" when it has gone."""
    with contextlib.suppress(OSError):
        return _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode("utf-8", "surrogateescape").strip()[:1000]
    return ""


def _stat(pid: int) -> tuple[int, int, int]:
    content = _read(f"/proc/{pid}/stat")
    parts = content[content.rindex(b")") + 2 :].split()
    return int(parts[1]), int(parts[3]), int(parts[19])


def _field(status: bytes, name: bytes) -> list[bytes]:
    at = status.index(b"\n" + name)
    return status[at + 1 + len(name) : status.index(b"\n", at + 1)].split()


def _program(pid: int) -> tuple[str, bool]:
    try:
        program = os.readlink(f"/proc/{pid}/exe")
        found = os.stat(f"/proc/{pid}/exe")
        environment = Path(f"/proc/{pid}/environ").read_bytes()  # whole: at most 6 MiB (execve(2))
        is_it = _is_at(program, found)
    except OSError:
        return "", False
    is_sound = found.st_uid == 0 and not found.st_mode & 0o022
    preloads = (b"LD_PRELOAD=", b"LD_AUDIT=")
    is_bare = not any(environment.startswith(each) or b"\0" + each in environment for each in preloads)
    return program.removesuffix(_DELETED), is_sound and is_bare and is_it


def _is_at(program: str, found: os.stat_result) -> bool:
    """Return whether a program has that path for us too, or lay there until it was deleted, as after an upgrade."""
    if program.endswith(_DELETED) and not found.st_nlink:
        return True
    try:
        return os.path.samestat(os.stat(program), found)
    except OSError:
        return False


def _read(path: str, most: int = _STATUS_BYTES) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(descriptor, most)
    finally:
        os.close(descriptor)
