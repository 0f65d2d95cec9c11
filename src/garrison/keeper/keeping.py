"""The keeper at work: one thread, one selector; nothing in it opens a file while nobody answers the kernel."""

import contextlib
import fcntl
import os
import select
import selectors
import signal
import socket
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from garrison.base.clock import Clock
from garrison.base.errors import Unavailable
from garrison.keeper.daemons import Daemon
from garrison.keeper.fuse import HEALTHY_SECONDS, Fuse
from garrison.keeper.gates import GateProcess, start_gate
from garrison.linux import fanotify
from garrison.linux.fanotify import Init
from garrison.wire.client import folder_of, short_address
from garrison.wire.examination import receive_with_descriptors
from garrison.wire.frames import decode
from garrison.wire.guarding import KEEPER_SOCKET, MOST_LINE, SOCKET, Arm, End, Hello, order_from_plain
from garrison.wire.keeping import DESCRIPTORS, LOCK, PACKET_BYTES, Adopt, Go, Own
from garrison.wire.keeping import decode as decode_packet

_PERMISSION, _CHANGES, _OPENS = "permission", "changes", "opens"
_FLAGS = {
    _PERMISSION: Init.CLASS_CONTENT | Init.UNLIMITED_QUEUE | Init.UNLIMITED_MARKS | Init.CLOEXEC,
    _CHANGES: Init.CLASS_NOTIF | Init.UNLIMITED_MARKS | Init.CLOEXEC,
    _OPENS: Init.CLASS_NOTIF | Init.UNLIMITED_MARKS | Init.CLOEXEC,
}
_STUCK_SECONDS = 8.0
_LOADING_SECONDS = 60.0
_TICK_SECONDS = 0.25
_PEER = struct.Struct("3i")  # struct ucred
GAP = "The process that guards files ended unexpectedly."

_LOCK = "keeper.lock"


class Ended(Exception):  # no error: the order to end
    """All is to end."""


class Keeper:
    """Holds the groups. without: kernel features that the gates are to do without."""

    def __init__(self, folder: Path, clock: Clock, without: Sequence[str] = ()) -> None:
        self._folder = folder
        self._without = tuple(without)
        self._selector = selectors.DefaultSelector()
        self._fuse = Fuse(folder, clock)
        self._log = open(folder / "gate.log", "ab", buffering=0)  # noqa: SIM115 # for as long as this lives
        self._groups: dict[str, int] = {}
        self._lock = -1
        self._gate: GateProcess | None = None
        self._spare: GateProcess | None = None
        self._replacing = False
        self._daemon = Daemon()
        self._healthy_at: float | None = None
        self._pause_until = 0.0
        self._gap_since: float | None = None

    def hold(self, adopted: tuple[Adopt, dict[str, int], socket.socket] | None) -> None:
        """Take the lock and the groups, fresh or from a gate without a keeper. Raises Unavailable, OSError."""
        self._listen_to_signals()
        if adopted is None:
            self._lock = _locked(self._folder / _LOCK)
            self._fuse.begin()
            self._open_groups()
        else:
            message, held, channel = adopted
            self._lock = held.pop(LOCK)
            self._groups = held
            self._gate = GateProcess(message.gate, channel)
            self._gate.allows = message.allows
            self._fuse.blown = message.fuse
            self._daemon.expect(message.daemon)
            self._attend(self._gate)
        self._healthy_at = time.monotonic() + HEALTHY_SECONDS
        self._open_socket()

    def _open_groups(self) -> None:
        names = (_OPENS, _CHANGES) if self._fuse.blown else (_PERMISSION, _CHANGES)
        for name in set(self._groups) - set(names):
            os.close(self._groups.pop(name))
        for name in names:
            if name not in self._groups:
                self._groups[name] = fanotify.open_group(_FLAGS[name])

    def _listen_to_signals(self) -> None:
        reading, writing = socket.socketpair()
        reading.setblocking(False)
        writing.setblocking(False)
        signal.set_wakeup_fd(writing.detach())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        self._on(reading, lambda: self._signalled(reading))

    def _signalled(self, reading: socket.socket) -> None:
        numbers = reading.recv(1024)
        if signal.SIGTERM in numbers or signal.SIGINT in numbers:
            raise Ended
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass

    def _open_socket(self) -> None:
        path = self._folder / KEEPER_SOCKET
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.setblocking(False)
        with folder_of(fresh) as folder:
            listener.bind(short_address(folder, fresh.name))
        fresh.chmod(0o600)
        listener.listen(8)
        fresh.rename(path)
        self._on(listener, lambda: self._accept(listener))

    def _on(self, source: socket.socket | int, call: Callable[[], None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, call)

    def _off(self, source: socket.socket | int) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(source)

    def run(self) -> None:
        """Keep until the order to end."""
        try:
            while True:
                self._tick()
                for key, _ in self._selector.select(_TICK_SECONDS):
                    key.data()
        except Ended:
            self._end()

    def _tick(self) -> None:
        now = time.monotonic()
        if self._is_homeless():  # uninstalled: nothing is to be brought back
            raise Ended
        if self._spare is None and now >= self._pause_until:
            self._start_spare()
        if self._gate is not None and self._gate.stuck_seconds > _STUCK_SECONDS:
            self._gate.kill()
        if self._spare is not None and not self._spare.is_ready and now - self._spare.began > _LOADING_SECONDS:
            self._spare.kill()
        if self._healthy_at is not None and now >= self._healthy_at and self._gate is not None:
            self._healthy_at = None
            self._fuse.settle()
        if self._daemon.due is not None:
            self._daemon.start_if_due()

    def _is_homeless(self) -> bool:
        """Return whether the folder that this keeper works for has been removed, or is another one by now."""
        try:
            return not os.path.samestat(os.fstat(self._lock), os.stat(self._folder / _LOCK))
        except FileNotFoundError:
            return True
        except OSError:
            return False

    def _start_spare(self) -> None:
        self._pause_until = time.monotonic() + 1.0
        with contextlib.suppress(OSError):  # tried again
            self._spare = start_gate(self._folder, self._log, self._without)
            self._attend(self._spare)

    def _attend(self, gate: GateProcess) -> None:
        self._on(gate.pidfd, lambda: self._gone(gate))
        self._on(gate.channel, lambda: self._hear(gate))

    def _hear(self, gate: GateProcess) -> None:
        if not gate.hear():
            self._off(gate.channel)
            gate.kill()
        elif gate is self._spare and gate.is_ready and self._gate is None:
            self._activate(0.0, "")

    def _activate(self, seconds: float, why: str) -> None:
        """Let the spare answer from now on."""
        assert self._spare is not None
        self._gate, self._spare = self._spare, None
        if self._gap_since is not None:
            seconds, why, self._gap_since = time.monotonic() - self._gap_since, GAP, None
        held = {**self._groups, LOCK: self._lock}
        self._gate.start_watch()
        go = Go(tuple(held), self._own(), self._fuse.blown, seconds, why, self._daemon.command)
        self._gate.send(go, list(held.values()))
        self._pause_until = 0.0

    def _own(self) -> tuple[int, ...]:
        return tuple(number for number in (os.getpid(), self._daemon.process) if number)

    def _gone(self, gate: GateProcess) -> None:
        began = time.monotonic()
        self._off(gate.pidfd)
        self._off(gate.channel)
        gate.part()
        if gate is self._spare:
            self._spare = None
        elif gate is self._gate:
            self._gate = None
            self._replace(gate, began)

    def _replace(self, gate: GateProcess, began: float) -> None:
        """Answer for a gate that died, and let the next one go on. Nothing here may open a file before that."""
        is_meant, self._replacing = self._replacing, False
        has_blown = not is_meant and self._fuse.crash()
        if _PERMISSION in self._groups:
            fanotify.answer_all(self._groups[_PERMISSION], range(DESCRIPTORS), gate.allows)
        if has_blown or is_meant or self._spare is None or not self._spare.can_answer():
            if not is_meant and not has_blown:
                self._close_groups()  # the next gate could not even load: its own files would wait for an answer
            self._open_groups()
            self._gap_since = None if is_meant else began
        if self._spare is not None and self._spare.can_answer():
            self._activate(time.monotonic() - began, "" if is_meant else GAP)
        self._fuse.keep()
        self._healthy_at = time.monotonic() + HEALTHY_SECONDS

    def _close_groups(self) -> None:
        while self._groups:
            os.close(self._groups.popitem()[1])

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            process, user, _ = _PEER.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
            if user != os.geteuid():
                connection.close()
                return
            connection.setblocking(False)
            buffer = bytearray()
            self._on(connection, lambda: self._listen(connection, process, buffer))

    def _listen(self, connection: socket.socket, process: int, buffer: bytearray) -> None:
        try:
            content = connection.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        buffer += content
        if not content or len(buffer) > MOST_LINE:
            self._off(connection)
            connection.close()
            return
        while b"\n" in buffer:
            line, _, rest = bytes(buffer).partition(b"\n")
            buffer[:] = rest
            self._obey(line, process)

    def _obey(self, line: bytes, process: int) -> None:
        """Do what was ordered; what is no order is passed over. Raises Ended."""
        try:
            order = order_from_plain(decode(line))
        except (ValueError, TypeError, KeyError):
            return
        if isinstance(order, Hello):
            self._take_daemon(process, order.command)
        elif isinstance(order, Arm):
            self._arm()
        elif isinstance(order, End):
            raise Ended

    def _take_daemon(self, process: int, command: tuple[str, ...]) -> None:
        if self._daemon.pidfd is not None:
            self._off(self._daemon.pidfd)
        with contextlib.suppress(OSError):
            self._daemon.greet(process, command)
            assert self._daemon.pidfd is not None
            self._on(self._daemon.pidfd, self._daemon_died)
        self._say_own()

    def _daemon_died(self) -> None:
        assert self._daemon.pidfd is not None
        self._off(self._daemon.pidfd)
        self._daemon.died()
        self._say_own()

    def _say_own(self) -> None:
        if self._gate is not None:
            self._gate.send(Own(self._own(), self._daemon.command))

    def _arm(self) -> None:
        was_blown = bool(self._fuse.blown)
        self._fuse.mend()
        if was_blown and self._gate is not None:
            self._replacing = True  # by one that has the other groups
            self._gate.kill()

    def _end(self) -> None:
        """Close everything: what waits for an answer goes on."""
        self._close_groups()
        for gate in (self._gate, self._spare):
            if gate is not None:
                gate.kill()
        for gate in (self._gate, self._spare):
            if gate is not None:
                select.select([gate.pidfd], [], [], 5.0)
        self._fuse.settle()
        for name in (SOCKET, KEEPER_SOCKET):
            (self._folder / name).unlink(missing_ok=True)
        os.close(self._lock)


def take_over(channel: socket.socket) -> tuple[Adopt, dict[str, int], socket.socket]:
    """Return what a gate hands over whose keeper died. Raises Unavailable."""
    packet, descriptors = receive_with_descriptors(channel, PACKET_BYTES)
    message = decode_packet(packet) if packet else None
    if not isinstance(message, Adopt):
        raise Unavailable("No gate handed anything over.")
    held: Mapping[str, int] = dict(zip(message.groups, descriptors, strict=True))
    return message, dict(held), channel


def _locked(path: Path) -> int:
    """Return the lock, held. Gates inherit it, so that it is free only when all are gone. Raises Unavailable."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unavailable("Another keeper, or its gate, runs already.") from None
    return descriptor
