"""The daemon is started again, whoever dies with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.keeper.daemons import Daemon
from tests.gate.live import Live, database, skip_unless_possible, wait_until

# Says to the keeper that it is the daemon, and how it is started again; then it does nothing.
DAEMON = """
import json, socket, sys, time
speaking = socket.socket(socket.AF_UNIX)
speaking.connect(sys.argv[1])
speaking.sendall(json.dumps({"order": "hello", "command": ["/bin/touch", sys.argv[2]]}).encode() + bytes([10]))
print("said", flush=True)
time.sleep(60)
"""


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Live]:
    skip_unless_possible()
    running = Live(tmp_path, database(tmp_path))
    try:
        yield running
    finally:
        running.end()


@pytest.mark.parametrize("dies_with", ["nobody", "keeper"])
def test_a_daemon_that_died_is_started_again(live: Live, tmp_path: Path, dies_with: str) -> None:
    started = tmp_path / "started"
    command = [sys.executable, "-c", DAEMON, str(live.folder / "keeper.sock"), str(started)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline() == b"said\n"
        time.sleep(0.3)  # until the gate knows it too
        if dies_with == "keeper":
            (keeper,) = live.processes("garrison.keeper")
            os.kill(keeper, signal.SIGKILL)
        daemon.kill()
    wait_until(started.exists, 15)


def test_a_daemon_that_greets_the_next_keeper_is_not_started_again() -> None:
    known = Daemon()
    known.expect(("/bin/false",))
    known.greet(os.getpid(), ("/bin/true",))
    assert (known.due, known.command) == (None, ("/bin/true",))
    known.part()


def test_nothing_is_started_that_nobody_named() -> None:
    known = Daemon()
    known.expect(())
    assert known.due is None
