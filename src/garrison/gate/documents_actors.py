"""Who acts, as far as the System Watcher has to know: where it comes from, and whether it is trusted."""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import NamedTuple

from garrison.linux.lineage import Process, ancestors, is_tampered, look, start_of, table

# What starts everybody's programs: what these start has nothing to do with each other, and they are never stopped.
BEGINNERS = frozenset({
    "systemd", "init", "sshd", "sshd-session", "login", "su", "sudo", "cron", "crond", "atd", "dbus-daemon",
    "dbus-broker", "dbus-broker-launch", "Xorg", "Xwayland", "gnome-shell", "gnome-session-binary", "plasmashell",
    "kwin_wayland", "kwin_x11", "ksmserver", "plasma_session", "xfce4-session", "xfwm4", "xfdesktop", "mate-session",
    "cinnamon-session", "lightdm", "gdm", "gdm3", "gdm-session-worker", "gdm-x-session", "gdm-wayland-session", "sddm",
    "sddm-helper", "smbd", "nmbd", "winbindd", "containerd", "dockerd", "containerd-shim-runc-v2", "tini",
})  # fmt: skip
# What carries files over from one file system to another: what they read and delete is somewhere else.
MOVERS = frozenset({
    "mv", "rsync", "nautilus", "dolphin", "thunar", "nemo", "caja", "pcmanfm", "pcmanfm-qt", "kioworker", "gio", "mc",
})  # fmt: skip
_MOST_KNOWN = 2000


class Actor(NamedTuple):
    """A process with what is added up for it. lineage: names, itself first. nodes: narrowest first.

    is_trusted: it may do what it likes. moves: it is a program that carries files over.
    """

    process: Process
    lineage: tuple[str, ...]
    nodes: tuple[str, ...]
    is_trusted: bool
    moves: bool


class Actors:
    """Knows actors. is_own: tells a process of the suite by its number."""

    def __init__(self, is_own: Callable[[int], bool]) -> None:
        self._is_own = is_own
        self.trusted: frozenset[str] = frozenset()
        self._known: OrderedDict[int, Actor] = OrderedDict()
        myself = look(os.getpid())
        self._above = {each.name for each in ancestors(myself)} if myself else set[str]()
        self._seen: dict[str, set[int]] = {}
        self._changers: dict[int, int] = {}  # who changed documents itself: number -> start

    def trust(self, programs: Iterable[str]) -> None:
        """Say which programs are trusted."""
        self.trusted = frozenset(programs)
        self._known.clear()

    def actor(self, number: int) -> Actor | None:
        """Return who has a process's or thread's number; None when it has gone."""
        known = self._known.get(number)
        if known is not None and self._is_still(known):
            return known
        process = look(number)
        if process is None:
            return None
        made = self._make(process)
        self._known[number] = made
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)
        for node in made.nodes:
            self._seen.setdefault(node, set()).add(process.pid)
        return made

    @staticmethod
    def _is_still(actor: Actor) -> bool:
        """Return whether what is known of a process still holds: it may have begun to run something else.

        What is trusted is looked at anew each time: a program that executes itself again keeps its number, its start
        and its path, but may have other people's code in it now.
        """
        process = actor.process
        start = start_of(process.pid)
        if start is None:  # it has gone, and nobody has its number yet
            return True
        try:
            program = os.readlink(f"/proc/{process.pid}/exe").removesuffix(" (deleted)")
        except OSError:  # it is ending
            program = process.program
        is_same = program == process.program and start == process.start
        return is_same and not ((actor.is_trusted or actor.moves) and is_tampered(process.pid))

    def _make(self, process: Process) -> Actor:
        line = ancestors(process)
        kept = [line[0]]
        for each in line[1:]:
            if self._begins(each):
                break
            kept.append(each)
        nodes = [f"process:{each.name}" for each in kept]
        leader = look(process.session) if process.session else None
        if process.session and (leader is None or not self._begins(leader)):
            nodes.append(f"session:{process.session}")
        if kept[-1].parent <= 1 or len(line) == len(kept):  # an orphan: who started it cannot be told any more
            nodes.append(f"program:{process.uid}:{process.program}")
        is_trusted, moves = process.program in self.trusted, os.path.basename(process.program) in MOVERS
        is_sound = (is_trusted or moves) and process.is_sound and not is_tampered(process.pid)
        lineage = tuple(each.name for each in kept)
        return Actor(process, lineage, tuple(nodes), is_sound and is_trusted, is_sound and moves)

    def _begins(self, process: Process) -> bool:
        """Return whether a process is one that starts everybody's, or one that this suite itself comes from."""
        if process.pid <= 2 or process.name in self._above or self._is_own(process.pid):
            return True
        is_beginner = os.path.basename(process.program) in BEGINNERS and process.is_sound
        return is_beginner and not is_tampered(process.pid)

    def changes(self, actor: Actor) -> None:
        """Take up that a process itself is about to change documents, or has."""
        self._changers[actor.process.pid] = actor.process.start

    def members(self, node: str, actor: Actor) -> list[int]:
        """Return the processes that a node stands for now, with all their descendants; never one that begins others.

        Of a session or a program only those that have touched documents: another process of the same interpreter, or
        in the same session, has nothing to do with it. Of other accounts than the actor's (passwd, sudo and what that
        starts) only those that changed documents themselves: whoever cannot end a process shall not have it stopped.
        """
        processes = table()
        found = {pid for pid in self._seen.get(node, ()) if pid in processes and self._is_of(pid, node)}
        if node.startswith("process:"):
            pid, _, start = node.removeprefix("process:").partition(".")
            if int(pid) in processes and processes[int(pid)][2] == int(start):
                found.add(int(pid))
        grown = True
        while grown:
            more = {pid for pid, (parent, _, _) in processes.items() if parent in found} - found
            found |= more
            grown = bool(more)
        return [pid for pid in found if pid == actor.process.pid or self._may_be_stopped(pid, actor.process.uid)]

    def _is_of(self, pid: int, node: str) -> bool:
        process = look(pid)
        return process is not None and node in self._nodes_of(process)

    def _nodes_of(self, process: Process) -> tuple[str, ...]:
        known = self._known.get(process.pid)
        return known.nodes if known is not None and known.process == process else ()

    def _may_be_stopped(self, pid: int, account: int) -> bool:
        process = look(pid)
        if process is None or self._begins(process):
            return False
        return process.uid == account or self._changers.get(pid) == process.start

    def prune(self) -> None:
        """Forget who has gone."""
        self._changers = {pid: start for pid, start in self._changers.items() if start_of(pid) == start}
        for node, pids in list(self._seen.items()):
            pids.intersection_update({pid for pid in pids if os.path.exists(f"/proc/{pid}")})
            if not pids:
                del self._seen[node]
