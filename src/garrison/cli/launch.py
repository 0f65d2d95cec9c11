"""Finds the suite, or starts one: lasting for `start`, short-lived for any other command."""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path

from garrison.base.errors import Failed, GarrisonError, Unavailable, error_from_plain
from garrison.base.paths import Home, own_program
from garrison.wire.client import Client

_TRIES = 200
_PAUSE_SECONDS = 0.05
_KILL_AFTER_SECONDS = 10.0


def connect(home: Home) -> Client | None:
    """Return a connection to the running suite; None when none runs."""
    try:
        return Client(home.socket)
    except (Unavailable, FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise Unavailable(
            f"{home.root} belongs to another account.", "Set GARRISON_HOME to a folder of your own."
        ) from error


def connect_or_launch(home: Home, lasting: bool = False) -> tuple[Client, bool]:
    """Return a connection to the suite, started if need be, and whether it was started.

    Two commands may start one at the same time: the one that is late joins the other's.
    """
    problem: GarrisonError = Failed("Garrison could not be started.")
    for _ in range(_TRIES):
        client = connect(home)
        if client is not None:
            return client, False
        outcome = _launch(home, lasting)
        if outcome is None:
            client = connect(home)
            if client is not None:
                return client, True
        elif is_locked(home):
            problem = outcome  # another one is just coming up, or going down
        else:
            raise outcome
        time.sleep(_PAUSE_SECONDS)
    raise problem


def _launch(home: Home, lasting: bool) -> GarrisonError | None:
    """Start a daemon and wait until it is ready; return what kept it from that."""
    home.prepare()
    reading, writing = os.pipe()
    command = [*own_program("garrison.daemon"), "--home", str(home.root), "--ready", str(writing)]
    if not lasting:
        command.append("--private")
    with open(home.root / "log" / "daemon.stderr", "wb") as errors:
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=(writing,),
            cwd="/",
            start_new_session=True,
        )
    os.close(writing)
    with open(reading, "rb") as pipe:
        line = pipe.readline(1024 * 1024)
    try:
        message = json.loads(line)
    except ValueError:
        return Failed("Garrison could not be started.", f"Its last words are in {home.root / 'log'}.")
    return None if message.get("ready") is True else error_from_plain(message)


def is_locked(home: Home) -> bool:
    """Return whether a daemon holds this home."""
    try:
        descriptor = os.open(home.lock, os.O_RDWR | os.O_CLOEXEC)
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
    """End the suite and everything it started; return whether there was one."""
    client = connect(home)
    if client is not None:
        with client, contextlib.suppress(Unavailable):  # it may be gone before it has answered
            client.call("suite.shutdown", {})
    elif not is_locked(home):
        return False
    until = time.monotonic() + _KILL_AFTER_SECONDS
    while is_locked(home):
        if time.monotonic() > until:
            _kill(home)
            break
        time.sleep(_PAUSE_SECONDS)
    return True


def _kill(home: Home) -> None:
    """End a daemon that does not answer, by the number in its lock, once it is certain that it is ours."""
    try:
        process = int(home.lock.read_text("ascii"))
        descriptor = os.pidfd_open(process)
    except (OSError, ValueError) as error:
        raise Failed("Garrison does not answer and its process was not found.") from error
    try:
        if b"garrison.daemon" not in Path(f"/proc/{process}/cmdline").read_bytes():
            raise Failed("Garrison does not answer and its process was not found.")
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError as error:
        raise Failed(f"Garrison (process {process}) could not be ended: {error.strerror}.") from error
    finally:
        os.close(descriptor)
