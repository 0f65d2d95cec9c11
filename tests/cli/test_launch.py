"""The suite comes and goes as commands need it: started, joined, ended, also when it hangs."""

import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from garrison.base.errors import Failed, Refused, Unavailable
from garrison.base.paths import Home
from garrison.cli import launch
from tests.cli.program import Program, children_of
from tests.suite import EICAR

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act for several accounts")
NOBODY = 65534


def wait_until(condition: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def is_alive(process: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


def test_without_a_suite_nothing_is_found_and_nothing_is_stopped(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    assert launch.connect(home) is None
    assert launch.stop(home) is False
    assert not home.root.exists()


def test_a_short_lived_suite_ends_with_its_command(garrison: Program) -> None:
    outcome = garrison("quarantine", "list", "--json")
    assert (outcome.code, outcome.json) == (0, [])
    wait_until(lambda: not launch.is_locked(garrison.home))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # what was launched outlives this
def test_a_second_command_joins_a_short_lived_suite(garrison: Program, tmp_path: Path) -> None:
    first = garrison.start("scan", "@-", stdin=-1)  # it waits for the list before it needs the suite
    client, started = launch.connect_or_launch(garrison.home)
    with client:
        assert started
        process = garrison.daemon()
        (tmp_path / "file").write_text("harmless")
        first.communicate(os.fsencode(tmp_path / "file"), timeout=60)
        assert first.returncode == 0
        assert garrison.daemon() == process
    wait_until(lambda: not launch.is_locked(garrison.home))


def test_many_commands_start_one_suite_at_the_same_moment(garrison: Program) -> None:
    processes = [garrison.start("start", "--no-scan", "--json") for _ in range(5)]
    for process in processes:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 0, errors
    wait_until(lambda: launch.is_locked(garrison.home))
    assert garrison("status").code in {0, 1}


def test_start_twice_is_quick_and_harmless(garrison: Program) -> None:
    assert garrison("start", "--no-scan").code == 0
    process = garrison.daemon()
    began = time.monotonic()
    again = garrison("start", "--no-scan")
    assert time.monotonic() - began < 1
    assert again.code == 0
    assert "was running already" in again.out
    assert garrison.daemon() == process


def test_restart_is_another_process(garrison: Program) -> None:
    garrison("start", "--no-scan")
    process = garrison.daemon()
    outcome = garrison("restart", "--json")
    assert outcome.code == 0, outcome.errors
    assert "colour" in outcome.json
    assert garrison.daemon() != process
    assert not is_alive(process)


def test_stop_ends_the_workers_too(garrison: Program, tmp_path: Path) -> None:
    (tmp_path / "bad").write_bytes(EICAR)
    garrison("start", "--no-scan")
    assert garrison("scan", str(tmp_path / "bad")).code == 102
    process = garrison.daemon()
    children = children_of(process)
    assert children
    assert garrison("stop").code == 0
    wait_until(lambda: not any(is_alive(one) for one in (process, *children)))
    assert garrison("stop").out == "Garrison was not running.\n"


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_stop_ends_a_suite_that_hangs_and_tidies_up_after_one_that_died(
    garrison: Program, tmp_path: Path, number: signal.Signals
) -> None:
    (tmp_path / "file").write_text("harmless")
    garrison("start", "--no-scan")
    garrison("scan", str(tmp_path / "file"))
    process = garrison.daemon()
    children = children_of(process)
    os.kill(process, number)
    if number == signal.SIGSTOP:
        assert garrison("--help").code == 0
        status = garrison("status", "--json")
        assert status.code == 3
        assert status.json["error"]["hint"] == "End it with: garrison stop"
        assert garrison("stop").out == "Garrison has stopped.\n"
    else:
        wait_until(lambda: not is_alive(process))
        assert garrison.home.socket.exists()  # stale
        assert garrison("stop").out == "Garrison was not running.\n"
    wait_until(lambda: not any(is_alive(one) for one in (process, *children)))
    assert garrison("status").code in {0, 1}


def test_a_lock_that_names_a_stranger_kills_nobody(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    home.prepare()
    with open(home.lock, "w", encoding="ascii") as lock:
        lock.write(f"{os.getpid()}\n")
    with pytest.raises(Failed, match="not found"):
        launch._kill(home)


def test_a_stale_socket_is_no_suite(garrison: Program) -> None:
    garrison.home.prepare()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(garrison.home.socket))
    left.close()
    assert launch.connect(garrison.home) is None
    assert garrison("quarantine", "--json").json == []


def test_a_suite_that_says_nothing_is_told_of(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    home.prepare()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(home.socket))
        listening.listen()
        with pytest.raises(Unavailable, match="does not answer"):
            launch.connect(home, greeting_seconds=0.1)


def test_a_path_too_long_for_a_socket_will_do(tmp_path: Path) -> None:
    program = Program(tmp_path / ("long" * 40) / "state")
    assert len(str(program.home.socket)) > 108
    assert program("start", "--no-scan").code == 0
    assert program("status").code in {0, 1}
    program.end()


def test_a_home_that_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    outcome = Program(tmp_path / "state")("quarantine")
    assert outcome.code == 3
    assert "Traceback" not in outcome.errors
    assert str(tmp_path / "state") in outcome.errors


@as_root
class TestAccounts:
    def test_a_home_of_another_account(self, garrison: Program) -> None:
        garrison.home.root.mkdir()
        os.chown(garrison.home.root, NOBODY, NOBODY)
        for command in (("status",), ("start",), ("uninstall", "--yes")):
            outcome = garrison(*command)
            assert outcome.code in {3, 5}
            assert "belongs to another account" in outcome.errors

    def test_the_computer_s_suite_is_root_s_to_start(self, tmp_path: Path) -> None:
        if not os.access("/usr/bin/python3", os.X_OK):
            pytest.skip("no Python that every account may run")
        message = _as_nobody(Home(Path("/var/lib/garrison-of-nobody")))
        assert "only root can start it" in message


def _as_nobody(home: Home) -> str:
    """Return what starting the whole computer's suite says to an ordinary account."""

    class Whole(Home):
        @property
        def is_system(self) -> bool:
            return True

    os.seteuid(NOBODY)
    try:
        with pytest.raises(Refused) as caught:
            launch.connect_or_launch(Whole(home.root))
    finally:
        os.seteuid(0)
    return caught.value.text
