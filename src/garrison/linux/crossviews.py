"""Looks at the same thing in two ways: what shows in one and not in the other is being hidden.

Texts are read as UTF-8, which is always loaded: a thread of another account may not be able to load what decodes
others.

Sources: kill(2), proc(5), proc_pid_mountinfo(5), sock_diag(7), <linux/inet_diag.h>.
"""

import contextlib
import ctypes
import os
import re
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from garrison.linux.running import PROC, pids

_BEYOND = 32_768  # numbers tried above the highest that shows
_ON_PROCESS = re.compile(r"^(?:\S+ ){4}(/proc/(\d+)(?:/\S*)?) ")
_SOCK_DIAG, _BY_FAMILY, _DUMP_REQUEST, _DONE, _ERROR = 4, 20, 0x301, 3, 2
_STATES = {socket.IPPROTO_TCP: 1 << 10, socket.IPPROTO_UDP: 0xFFFFFFFF}  # TCP_LISTEN; UDP has no states to choose by
_TABLES = {
    (socket.AF_INET, socket.IPPROTO_TCP): "tcp",
    (socket.AF_INET6, socket.IPPROTO_TCP): "tcp6",
    (socket.AF_INET, socket.IPPROTO_UDP): "udp",
    (socket.AF_INET6, socket.IPPROTO_UDP): "udp6",
}
_LISTENING = "0A"
# Where a folder's number of links is two and one for each folder in it (link(2), ext4's and XFS' own rules).
_COUNTED = {0xEF53, 0x58465342, 0x01021994}
_libc = ctypes.CDLL(None, use_errno=True)
_MODULE = re.compile(r"\[(\w+)\]$")


@dataclass(frozen=True, slots=True)
class Port:
    """A port that something waits on. protocol: as the table in /proc/net is called."""

    protocol: str
    number: int


def hidden_processes(proc: Path = PROC, exists: Callable[[int], bool] | None = None) -> list[int]:
    """Return the numbers that answer to a signal but show neither as a process nor as a thread of one.

    What begins or ends meanwhile is looked at again.
    """
    exists = exists or _answers
    shown = _numbers(proc)
    most = min(_highest(proc), max(shown, default=0) + _BEYOND)
    suspects = [number for number in range(1, most + 1) if number not in shown and exists(number)]
    for _ in range(2):
        if suspects:
            shown = _numbers(proc)
            suspects = [number for number in suspects if number not in shown and exists(number)]
    under = covered_processes(proc)
    return [number for number in suspects if _leader(number, proc) not in under]


def _leader(number: int, proc: Path) -> int:
    """Return the process of a thread by what /proc tells of it unlisted, or the number itself."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = (proc / str(number) / "status").read_text("utf-8", "surrogateescape")
        return int(status.split("\nTgid:\t", 1)[1].split("\n", 1)[0])
    return number


def _answers(number: int) -> bool:
    try:
        os.kill(number, 0)
    except PermissionError:
        return os.geteuid() == 0  # an ordinary account sees its own only where /proc hides the others'
    except OSError:
        return False
    return True


def _numbers(proc: Path) -> set[int]:
    shown: set[int] = set()
    for pid in pids(proc):
        shown.add(pid)
        with contextlib.suppress(OSError):
            shown.update(int(name) for name in os.listdir(proc / str(pid) / "task"))
    return shown


def _highest(proc: Path) -> int:
    try:
        return int((proc / "sys" / "kernel" / "pid_max").read_text("utf-8"))
    except (OSError, ValueError):
        return 32_768


def covered_processes(proc: Path = PROC) -> dict[int, str]:
    """Return the processes over whose place in /proc something is mounted, and where, in any mount namespace."""
    found: dict[int, str] = {}
    seen: set[str] = set()
    for pid in ["self", *map(str, pids(proc))]:
        try:
            space = os.readlink(proc / pid / "ns" / "mnt")
            if space in seen:
                continue
            seen.add(space)
            table = (proc / pid / "mountinfo").read_text("utf-8", "surrogateescape")
        except OSError:
            continue
        for line in table.splitlines():
            match = _ON_PROCESS.match(line)
            if match:
                found.setdefault(int(match[2]), match[1])
    return found


def hidden_ports(net: Path = PROC / "net") -> list[Port]:
    """Return the ports that the kernel tells of by netlink and /proc/net does not, looked at twice."""
    hidden = _diag_ports() - _listed_ports(net)
    if hidden:
        hidden &= _diag_ports() - _listed_ports(net)
    return sorted(hidden, key=lambda port: (port.protocol, port.number))


def _listed_ports(net: Path) -> set[Port]:
    found = set()
    for (_, protocol), name in _TABLES.items():
        with contextlib.suppress(OSError):
            for line in (net / name).read_text("utf-8", "replace").splitlines()[1:]:
                fields = line.split()
                if protocol == socket.IPPROTO_UDP or fields[3] == _LISTENING:
                    found.add(Port(name, int(fields[1].rpartition(":")[2], 16)))
    return found


def _diag_ports() -> set[Port]:
    found = set()
    for (family, protocol), name in _TABLES.items():
        with contextlib.suppress(OSError):  # a kernel without that family, or without sock_diag
            found |= {Port(name, number) for number in _diag(family, protocol)}
    return found


def _diag(family: int, protocol: int) -> Iterable[int]:
    request = struct.pack("=BBBxI48x", family, protocol, 0, _STATES[protocol])
    header = struct.pack("=IHHII", 16 + len(request), _BY_FAMILY, _DUMP_REQUEST, 1, 0)
    numbers: list[int] = []
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _SOCK_DIAG) as sock:
        sock.settimeout(2)
        sock.send(header + request)
        while True:
            answer = sock.recv(65_536)
            at = 0
            while at + 16 <= len(answer):
                length, kind = struct.unpack_from("=IH", answer, at)
                if kind in {_DONE, _ERROR} or length < 16:
                    return numbers
                numbers.append(int.from_bytes(answer[at + 20 : at + 22], "big"))  # idiag_sport, behind four bytes
                at += (length + 3) & ~3


def hidden_modules(proc: Path = PROC, system: Path = Path("/sys/module")) -> list[str]:
    """Return the kernel's modules that show in one of its lists and not in /proc/modules."""
    try:
        listed = {line.split()[0] for line in (proc / "modules").read_text("utf-8", "replace").splitlines() if line}
    except OSError:
        return []  # a kernel without modules
    known: set[str] = set()
    with contextlib.suppress(OSError):
        known |= {name for name in os.listdir(system) if (system / name / "initstate").exists()}
    with contextlib.suppress(OSError), open(proc / "kallsyms", encoding="utf-8", errors="replace") as symbols:
        known |= {match[1] for line in symbols if (match := _MODULE.search(line.rstrip()))}
    return sorted(known - listed - {"bpf", "__builtin__ftrace", "__builtin__kprobes"})


def hidden_folders(places: Iterable[str], listed: Callable[[str], Iterable[str]] = os.listdir) -> list[str]:
    """Return the places that have more folders in them than show, by their number of links; looked at twice."""
    return [place for place in places if _hides(place, listed) and _hides(place, listed)]


def _hides(place: str, listed: Callable[[str], Iterable[str]]) -> bool:
    try:
        before = os.stat(place)
        if before.st_nlink < 2 or _magic(place) not in _COUNTED:
            return False
        paths = [os.path.join(place, name) for name in listed(place)]
        shown = sum(os.path.isdir(path) and not os.path.islink(path) for path in paths)
        return os.stat(place).st_nlink == before.st_nlink and before.st_nlink - 2 > shown
    except OSError:
        return False


def _magic(place: str) -> int:
    """Return the kind of file system that a place is in (statfs(2))."""
    buffer = (ctypes.c_long * 32)()
    return buffer[0] if _libc.statfs(os.fsencode(place), buffer) == 0 else 0
