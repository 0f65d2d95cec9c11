"""Who a process is and where it comes from, read from /proc (proc(5))."""

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_MOST_ANCESTORS = 40
_STATUS_BYTES = 4096
_DELETED = " (deleted)"
_PRELOADS = (b"LD_PRELOAD=", b"LD_AUDIT=")


@dataclass(frozen=True, slots=True)
class Process:
    """A process. start: in clock ticks since boot; with the number it names one process for ever. uid: effective.

    program: the path of what it runs, "" for a kernel thread or one that has gone. is_sound: the program belongs to
    root, nobody else may write it, and it is the very program that we too find at its path: in a namespace of their
    own, people can call any program by any name. What is loaded into it beside, `is_tampered` tells.
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


def is_tampered(pid: int) -> bool:
    """Return whether a process may do what its program was not made for; True when that cannot be told.

    That is when it was started with LD_PRELOAD or LD_AUDIT, when another process traces it, or when it runs code from a
    file that is not root's alone. LD_LIBRARY_PATH and plugins are judged by what they bring in. It holds for this
    moment only: the next execve(2) or dlopen(3) changes it. Code in memory without a file is not seen, since many
    honest programs make such.
    """
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()  # whole: at most 6 MiB (execve(2))
        if any(environment.startswith(each) or b"\0" + each in environment for each in _PRELOADS):
            return True
        if _field(_read(f"/proc/{pid}/status"), b"TracerPid:") != [b"0"]:
            return True
        return any(not _is_roots(f"/proc/{pid}/map_files/{each}") for each in _code_of(pid))
    except (OSError, ValueError, IndexError):
        return True


def _code_of(pid: int) -> Iterable[str]:
    """Return one place in memory of each file that a process runs code from, as map_files names it."""
    found = {}
    for line in Path(f"/proc/{pid}/maps").read_bytes().splitlines():
        place, rights, _, device, inode = line.split(None, 5)[:5]
        if b"x" in rights and inode != b"0":
            begin, _, end = place.partition(b"-")
            found[device, inode] = f"{int(begin, 16):x}-{int(end, 16):x}"  # maps pads with zeros, map_files does not
    return found.values()


def _is_roots(link: str) -> bool:
    """Return whether only root can have made a file: not so on what anybody mounts, which is always nosuid."""
    status = os.stat(link)
    return status.st_uid == 0 and not status.st_mode & 0o022 and not os.statvfs(link).f_flag & os.ST_NOSUID


def _program(pid: int) -> tuple[str, bool]:
    link = f"/proc/{pid}/exe"
    try:
        program = os.readlink(link)
        return program.removesuffix(_DELETED), _is_roots(link) and _is_at(program, os.stat(link))
    except OSError:
        return "", False


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
