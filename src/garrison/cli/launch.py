"""Finds the suite, or starts one: lasting for `start`, short-lived for any other command."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from garrison.base.errors import Failed, GarrisonError, Refused, Unavailable, error_from_plain
from garrison.base.paths import Home, own_program
from garrison.wire.client import Client, folder_of, short_address
from garrison.wire.frames import encode

_PAUSE_SECONDS = 0.05
_GREETING_SECONDS = 5.0  # a suite that has not said its name by then hangs
_SHUTDOWN_SECONDS = 10.0
_LAUNCH_SECONDS = 30.0  # for the suites of others to come up or go down


def connect(home: Home, greeting_seconds: float = _GREETING_SECONDS) -> Client | None:
    """Return a connection to the running suite, on which answers may take any time; None when none runs.

    Raises Unavailable when one runs that does not answer, or that belongs to another account.
    """
    greeted = _greeted(home, greeting_seconds)
    if greeted is None:
        return None
    with greeted:  # until the second is there, so that a short-lived suite does not end in between
        try:
            return Client(home.socket)
        except Unavailable as error:
            if isinstance(error.__cause__, (ConnectionRefusedError, FileNotFoundError)):
                return None
            raise


def _greeted(home: Home, seconds: float) -> Client | None:
    """Return a connection on which nothing may take longer than so many seconds."""
    try:
        return Client(home.socket, timeout_seconds=seconds)
    except Unavailable as error:
        cause = error.__cause__
        if isinstance(cause, PermissionError):
            raise Unavailable(
                "{root} belongs to another account.",
                "Set GARRISON_HOME to a folder of your own, or run this as that account.",
                root=home.root,
            ) from error
        if isinstance(cause, TimeoutError):
            raise Unavailable("Garrison runs but does not answer.", "End it with: garrison stop") from error
        if cause is None and is_locked(home) and "too many" in error.text:  # it was turned away, in these words
            raise
        return None


def connect_or_launch(home: Home, lasting: bool = False) -> tuple[Client, bool]:
    """Return a connection to the suite, started if need be, and whether it was started.

    Two commands may start one at the same time: the one that is late joins the other's.
    """
    until = time.monotonic() + _LAUNCH_SECONDS
    while True:
        client = connect(home)
        if client is not None:
            return client, False
        problem = _launch(home, lasting)
        client = connect(home)
        if client is not None:
            return client, problem is None
        if time.monotonic() > until or (problem is not None and not is_locked(home)):
            raise problem or Failed("Garrison ended as soon as it had started.", _words(home))
        time.sleep(_PAUSE_SECONDS)  # another one is just coming up, or going down


def _words(home: Home) -> str:
    """Return a hint with what a daemon said when it died."""
    try:
        lines = (home.root / "log" / "daemon.stderr").read_text("utf-8", "backslashreplace").splitlines()
    except OSError:
        lines = []
    last = next((line.strip(" |") for line in reversed(lines) if line.strip(" |+-")), "")
    return (f"Its last words: {last} " if last else "") + f"More is in {home.root / 'log'}."


def _launch(home: Home, lasting: bool) -> GarrisonError | None:
    """Start a daemon and wait until it is ready; return what kept it from that."""
    if home.is_system and os.geteuid() != 0:
        raise Refused(
            "The whole computer's Garrison does not run, and only root can start it.",
            "As root: garrison --system start. Without --system you get your own.",
        )
    home.prepare()
    reading, writing = os.pipe()
    command = [*own_program("garrison.daemon"), "--home", str(home.root), "--ready", str(writing)]
    if not lasting:
        command.append("--private")
    with open(reading, "rb") as pipe:
        try:
            _spawn(home, command, writing)
        finally:
            os.close(writing)
        line = pipe.readline(1024 * 1024)
    try:
        message = json.loads(line)
    except ValueError:
        return Failed("Garrison could not be started.", _words(home))
    return None if message.get("ready") is True else error_from_plain(message)


def _spawn(home: Home, command: list[str], ready: int) -> None:
    try:
        with open(home.root / "log" / "daemon.stderr", "wb", opener=_no_link) as errors:
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
                pass_fds=(ready,),
                cwd="/",
                start_new_session=True,
                # File names are bytes. The daemon and all who speak to it must read them alike: as UTF-8.
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )
    except OSError as error:
        raise Failed("Garrison could not be started: {why}.", why=(error.strerror or "").lower()) from error


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def is_locked(home: Home) -> bool:
    """Return whether a daemon holds this home."""
    try:
        descriptor = os.open(home.lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def stop(home: Home) -> bool:
    """End the suite and everything it started, also one that hangs; return whether there was one."""
    is_asked = _ask_to_end(home)
    if not is_asked and not is_locked(home):
        return False
    if not _is_free_within(home, _SHUTDOWN_SECONDS if is_asked else 0):
        _end_guard(home)  # else it would start the daemon again
        _kill(home)
        if not _is_free_within(home, _SHUTDOWN_SECONDS):
            raise Failed("Garrison could not be ended.")
    return True


def _ask_to_end(home: Home) -> bool:
    """Return whether the suite was reached; it may be gone before it has answered."""
    try:
        client = _greeted(home, _GREETING_SECONDS)
    except Unavailable as error:
        if error.__cause__ is not None and isinstance(error.__cause__.__cause__, TimeoutError):
            return False
        raise
    if client is None:
        return False
    with client, contextlib.suppress(Unavailable):
        client.call("suite.shutdown", {})
    return True


def _end_guard(home: Home) -> None:
    """End the keeper, if there is one, in place of a daemon that hangs."""
    from garrison.wire.guarding import KEEPER_SOCKET, End, order_to_plain  # noqa: PLC0415 # late: seldom needed

    path = home.root / "guard" / KEEPER_SOCKET
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_GREETING_SECONDS)
        with folder_of(path) as folder:
            connection.connect(short_address(folder, path.name))
        connection.sendall(encode(order_to_plain(End())))
        connection.recv(1)  # it says nothing, and hangs up when all has ended


def _is_free_within(home: Home, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while is_locked(home):
        if time.monotonic() >= until:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _kill(home: Home) -> None:
    """End a daemon that does not answer, by the number in its lock, once it is certain that it is ours.

    Its workers end with it: the kernel sees to that.
    """
    lost = Failed("Garrison does not answer, and its process was not found.")
    try:
        process = int(home.lock.read_text("ascii"))
        descriptor = os.pidfd_open(process)
    except (OSError, ValueError) as error:
        raise lost from error
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
        if b"garrison.daemon" not in words or os.fsencode(home.root) not in words:
            raise lost
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError as error:
        raise Failed(
            "Garrison (process {process}) could not be ended: {why}.", process=process, why=error.strerror
        ) from error
    finally:
        os.close(descriptor)
