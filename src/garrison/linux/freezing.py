"""Stops processes in the middle of what they do, all of them or none, and lets them go on or ends them.

Where there is a cgroup2 hierarchy they are moved into a frozen group of their own (cgroup.freeze, Linux 5.2; what they
fork there is born frozen); elsewhere each gets SIGSTOP. Either way it is looked for more until no new one is found.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from garrison.linux.lineage import start_of

_ROUNDS = 50
_PREFIX = "garrison-stopped-"


def hierarchy(mounts: Path = Path("/proc/self/mountinfo")) -> Path | None:
    """Return where cgroup2 is mounted so that groups can be made, None when it is not."""
    try:
        lines = mounts.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    for line in lines:
        before, _, after = line.partition(" - ")
        if after.startswith("cgroup2 ") and os.access(path := before.split(" ")[4], os.W_OK):
            return Path(path)
    return None


@dataclass(slots=True)
class Stopped:
    """Processes that are stopped. group: their cgroup, "" when they were stopped by signals.

    processes: pid -> start. origins: pid -> the cgroup to go back to. left: pid -> why it could not be stopped.
    """

    group: str = ""
    processes: dict[int, int] = field(default_factory=dict)
    origins: dict[int, str] = field(default_factory=dict)
    left: dict[int, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "group": self.group,
            "processes": {str(pid): start for pid, start in self.processes.items()},
            "origins": {str(pid): path for pid, path in self.origins.items()},
            "left": {str(pid): why for pid, why in self.left.items()},
        }

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Return what was kept. Raises ValueError, TypeError, KeyError or AttributeError when it is nothing of ours."""
        group = str(plain["group"])
        if group and not os.path.basename(group).startswith(_PREFIX):
            raise ValueError("not a group of ours")
        return cls(
            group,
            {int(pid): int(start) for pid, start in plain["processes"].items()},
            {int(pid): str(path) for pid, path in plain["origins"].items()},
            {int(pid): str(why) for pid, why in plain["left"].items()},
        )

    def release(self) -> None:
        """Let them go on."""
        if self.group:
            for pid in self._members():
                with contextlib.suppress(OSError):  # gone meanwhile, or its old group has: then it stays, thawed
                    _join(self.origins.get(pid) or self._top(), pid)
            with contextlib.suppress(OSError):
                _write(f"{self.group}/cgroup.freeze", "0")
            self._remove()
            return
        for pid, start in self.processes.items():
            _signal(pid, start, signal.SIGCONT)

    def end(self) -> None:
        """Kill them, and what they have started meanwhile."""
        if self.group:
            try:
                _write(f"{self.group}/cgroup.kill", "1")
            except OSError:  # before Linux 5.14: what is frozen dies of SIGKILL all the same
                for pid in self._members():
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                _write(f"{self.group}/cgroup.freeze", "0")
        for pid, start in self.processes.items():
            _signal(pid, start, signal.SIGKILL)
        self._remove()

    def are_gone(self) -> bool:
        """Return whether none of them is there any more; a zombie that nobody has waited for is gone."""
        return all(start_of(pid) != start or _state(pid) == "Z" for pid, start in self.processes.items())

    def _members(self) -> list[int]:
        with contextlib.suppress(OSError):
            return [int(line) for line in Path(self.group, "cgroup.procs").read_text("ascii").split()]
        return []

    def _top(self) -> str:
        return os.path.dirname(self.group)

    def _remove(self) -> None:
        if self.group:
            with contextlib.suppress(OSError):  # still dying: `sweep` removes it later
                os.rmdir(self.group)


def stop(members: Callable[[], Iterable[int]], name: str, top: Path | None) -> Stopped:
    """Stop all that `members` names, asking it again until it names nothing new.

    name: of letters and digits. top: where cgroup2 is, None for signals. One that cannot be stopped is in `left`; the
    others are stopped all the same.
    """
    stopped = Stopped()
    if top is not None:
        stopped.group = _make_group(top, name)
    for _ in range(_ROUNDS):
        new = [pid for pid in members() if pid not in stopped.processes and pid not in stopped.left]
        if not new:
            break
        for pid in new:
            _stop_one(stopped, pid)
    return stopped


def _make_group(top: Path, name: str) -> str:
    group = top / f"{_PREFIX}{name}"
    try:
        group.mkdir()
        _write(f"{group}/cgroup.freeze", "1")
    except OSError:  # read-only, or a kernel without it
        with contextlib.suppress(OSError):
            group.rmdir()
        return ""
    return str(group)


def _stop_one(stopped: Stopped, pid: int) -> None:
    start = start_of(pid)
    if start is None:
        return
    if stopped.group:
        origin = _group_of(pid, os.path.dirname(stopped.group))
        with contextlib.suppress(OSError):
            _join(stopped.group, pid)
            stopped.processes[pid] = start
            stopped.origins[pid] = origin
            return
    problem = _signal(pid, start, signal.SIGSTOP)
    if not problem:
        stopped.processes[pid] = start
    elif start_of(pid) == start:
        stopped.left[pid] = problem


def sweep(top: Path) -> None:
    """Remove groups of ours in which nobody is any more."""
    for group in top.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            group.rmdir()


def _signal(pid: int, start: int, number: signal.Signals) -> str:
    """Signal the very process that was meant; return why not, "" when it was done or it has gone."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as error:
        return "" if isinstance(error, ProcessLookupError) else str(error)
    try:
        if start_of(pid) == start:
            signal.pidfd_send_signal(descriptor, number)
    except ProcessLookupError:
        return ""
    except OSError as error:
        return str(error)
    finally:
        os.close(descriptor)
    return ""


def _group_of(pid: int, top: str) -> str:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/cgroup").read_text("utf-8", "surrogateescape").splitlines():
            if line.startswith("0::"):
                return top + line[3:].rstrip("/")
    return top


def _join(group: str, pid: int) -> None:
    _write(f"{group}/cgroup.procs", str(pid))


def _state(pid: int) -> str:
    with contextlib.suppress(OSError):
        content = Path(f"/proc/{pid}/stat").read_bytes()
        return content[content.rindex(b")") + 2 :][:1].decode("ascii")
    return ""


def _write(path: str, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode("ascii"))
    finally:
        os.close(descriptor)
