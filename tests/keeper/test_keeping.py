"""Whoever is killed, at whatever moment: nobody stays stuck, and protection comes back."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.wire.guarding import Arm, End, Found, Gap, Late, Standing, Unexamined
from tests.engine.samples import EICAR
from tests.gate.live import Live, database, is_denied, is_running, skip_unless_possible, volume, wait_until
from tests.keeper.campaign import KILLED, run


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), "tmpfs") as mounted:
        yield mounted


@pytest.fixture
def live(disk: Path, tmp_path: Path) -> Iterator[Live]:
    running = Live(tmp_path, database(tmp_path))
    try:
        running.watch(disk)
        yield running
    finally:
        running.end()


@pytest.fixture
def evil(disk: Path) -> Path:
    path = disk / "evil"
    path.unlink(missing_ok=True)
    path.write_bytes(EICAR)
    return path


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    wait_until(lambda: not is_running(process))


def has_spare(live: Live) -> bool:
    return len(live.processes("garrison.gate")) == 2


@pytest.mark.parametrize("kind", KILLED)
def test_nobody_is_stuck_and_protection_comes_back(kind: str) -> None:
    skip_unless_possible("ext4")
    run(seed=1, times=2, kinds=(kind,), slack=3.0)


@pytest.mark.parametrize("late", list(Late))
def test_what_a_dead_gate_was_asked_is_answered_by_the_plan(live: Live, disk: Path, evil: Path, late: Late) -> None:
    live.watch(disk, late=late)
    stopped = live.below()
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    opener = subprocess.Popen(["cat", evil], stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    time.sleep(0.4)
    assert opener.poll() is None
    began = time.monotonic()
    gate = live.gate()
    kill(gate)
    content, problem = opener.communicate(timeout=5)
    assert time.monotonic() - began < 2
    assert (content == EICAR) is (late is Late.ALLOW)
    assert ("not permitted" in problem.decode()) is (late is Late.DENY)
    live.connect(but=gate)
    assert live.wait_for(Gap).seconds < 1


def test_two_crashes_blow_the_fuse_and_arming_mends_it(live: Live, disk: Path, evil: Path) -> None:
    for _ in range(2):
        wait_until(lambda: has_spare(live))
        gate = live.gate()
        kill(gate)
        live.connect(but=gate)
    standing = live.wait_for(Standing, lambda fact: bool(fact.watched and fact.fuse))
    assert standing.watched == {str(disk): "telling"}
    assert "crashed twice" in standing.fuse
    assert not is_denied(evil)
    assert not live.wait_for(Found, lambda fact: fact.occasion == "open").blocked
    wait_until(lambda: has_spare(live))
    live.order(Arm()).close()
    wait_until(lambda: is_denied(evil))
    live.connect()
    live.facts.clear()
    assert live.wait_for(Standing, lambda fact: bool(fact.watched)).fuse == ""


def test_a_stuck_gate_is_replaced(live: Live, evil: Path) -> None:
    assert is_denied(evil)
    wait_until(lambda: has_spare(live))
    old = live.gate()
    os.kill(old, signal.SIGSTOP)
    wait_until(lambda: not is_running(old), 15)
    assert is_denied(evil)


def test_a_gate_that_works_on_without_its_keeper_gets_another(live: Live, evil: Path) -> None:
    wait_until(lambda: has_spare(live))
    (old,) = live.processes("garrison.keeper")
    gate = live.gate()
    kill(old)
    assert is_denied(evil)
    wait_until(lambda: bool(live.processes("garrison.keeper")) and has_spare(live))
    assert gate in live.processes("garrison.gate")
    kill(gate)  # the new keeper holds the groups
    wait_until(lambda: is_denied(evil))


def test_a_second_keeper_leaves_the_first_alone(live: Live, evil: Path) -> None:
    command = [sys.executable, "-m", "garrison.keeper", str(live.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "runs already" in done.stderr
    assert is_denied(evil)


def test_keeper_and_gates_dead_at_once_let_everybody_pass_and_can_be_started_again(live: Live, evil: Path) -> None:
    for process in [*live.processes("garrison.keeper"), *live.processes("garrison.gate")]:
        kill(process)
    wait_until(lambda: not is_denied(evil))
    live.keeper.wait(5)
    live.keeper = live.start_keeper()
    wait_until(lambda: is_denied(evil))  # by the plan of before


def test_the_order_to_end_leaves_nothing_behind(live: Live, evil: Path) -> None:
    assert is_denied(evil)
    speaking = live.order(End())
    assert speaking.recv(1) == b""
    speaking.close()
    wait_until(lambda: not live.processes("garrison.keeper") and not live.processes("garrison.gate"))
    assert not is_denied(evil)
    assert not list(live.folder.glob("*.sock"))


def test_a_daemon_that_dies_is_started_again(live: Live, tmp_path: Path) -> None:
    started = tmp_path / "started"
    daemon = f"""
import json, socket, sys, time
speaking = socket.socket(socket.AF_UNIX)
speaking.connect({str(live.folder / "keeper.sock")!r})
hello = {{"order": "hello", "command": ["touch", {str(started)!r}]}}
speaking.sendall(json.dumps(hello).encode() + bytes([10]))
print("said", flush=True)
time.sleep(60)
"""
    running = subprocess.Popen([sys.executable, "-c", daemon], stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline()
    time.sleep(0.3)
    running.kill()
    running.communicate()
    wait_until(started.exists, 5)


def test_a_keeper_whose_folder_was_removed_ends_with_its_gates(live: Live, evil: Path) -> None:
    keeper, gates = live.processes("garrison.keeper"), live.processes("garrison.gate")
    shutil.rmtree(live.folder)
    wait_until(lambda: not any(is_running(process) for process in [*keeper, *gates]))
    assert not is_denied(evil)


def test_facts_wait_for_somebody_to_hear_them(live: Live, evil: Path) -> None:
    assert live._socket is not None
    live._socket.close()
    live._socket = None
    time.sleep(0.1)
    assert is_denied(evil)
    live.connect()
    assert live.wait_for_found(evil)


def test_a_kernel_without_new_features_guards_all_the_same(disk: Path, evil: Path, tmp_path: Path) -> None:
    lacking = ("evictable", "surviving_ignore", "pre_access", "errors", "mounts")
    live = Live(tmp_path, database(tmp_path), lacking)
    try:
        live.watch(disk)
        good = disk / "good"
        good.write_bytes(b"harmless")
        time.sleep(0.05)
        assert is_denied(evil)
        assert not any(is_denied(good) for _ in range(3))
        asked = live.watch(disk, deadline_seconds=7.0).counts["asked"]
        assert not any(is_denied(good) for _ in range(20))
        assert live.watch(disk).counts["asked"] <= asked + 1
        assert Unexamined not in map(type, live.facts)
    finally:
        live.end()
