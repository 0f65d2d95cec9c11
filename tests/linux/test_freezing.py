"""Tests of stopping processes whole."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.linux.freezing import Stopped, hierarchy, stop, sweep
from garrison.linux.lineage import start_of, table

TOP = hierarchy()
WAYS = [
    pytest.param(TOP, id="cgroup", marks=pytest.mark.skipif(TOP is None, reason="no cgroup2 that may be written")),
    pytest.param(None, id="signals"),
]
# It forks on and on, each child counting for a moment, so that there is always a new one.
FORKS = """
import os, sys, time
while True:
    if os.fork() == 0:
        for _ in range(20):
            os.write(1, b".")
            time.sleep(0.001)
        os._exit(0)
    time.sleep(0.001)
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass
"""


@pytest.fixture
def busy() -> Iterator["subprocess.Popen[bytes]"]:
    """A program with ever new children that write on and on."""
    with subprocess.Popen([sys.executable, "-c", FORKS], stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        yield process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)


def family(pid: int) -> list[int]:
    return [each for each, (_, session, _) in table().items() if session == pid]


def written(process: "subprocess.Popen[bytes]", seconds: float) -> int:
    assert process.stdout is not None
    time.sleep(seconds)
    count = 0
    while piece := process.stdout.read(65536):
        count += len(piece)
    return count


@pytest.mark.parametrize("top", WAYS)
def test_a_program_that_forks_on_and_on_is_stopped_whole_and_goes_on_again(
    busy: "subprocess.Popen[bytes]", top: Path | None
) -> None:
    assert written(busy, 0.3) > 10
    stopped = stop(lambda: family(busy.pid), f"test{busy.pid}", top)
    assert stopped.left == {}
    written(busy, 0.05)  # what was in the pipe
    assert written(busy, 0.2) == 0
    again = Stopped.from_plain(stopped.to_plain())
    assert again == stopped
    again.release()
    assert written(busy, 0.3) > 10
    assert not stopped.group or not os.path.exists(stopped.group)


@pytest.mark.parametrize("top", WAYS)
def test_what_is_stopped_can_be_ended(busy: "subprocess.Popen[bytes]", top: Path | None) -> None:
    stopped = stop(lambda: family(busy.pid), f"test{busy.pid}", top)
    stopped.end()
    assert busy.wait(5) == -9
    deadline = time.monotonic() + 5
    while not stopped.are_gone() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert stopped.are_gone()
    if top is not None:
        sweep(top)
        assert not os.path.exists(stopped.group)


def test_one_that_has_gone_does_not_keep_others_from_being_stopped(busy: "subprocess.Popen[bytes]") -> None:
    with subprocess.Popen(["true"]) as gone:
        pass
    stopped = stop(lambda: [gone.pid, *family(busy.pid)], "test", None)
    assert gone.pid not in stopped.processes
    assert busy.pid in stopped.processes
    stopped.release()


def test_a_number_that_came_round_again_is_left_alone() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        start = start_of(other.pid)
        assert start is not None
        Stopped("", {other.pid: start - 1}).end()
        assert other.poll() is None
        other.kill()


def test_only_groups_of_ours_are_taken_from_disk() -> None:
    plain = {"group": "/sys/fs/cgroup/user.slice", "processes": {}, "origins": {}, "left": {}}
    with pytest.raises(ValueError, match="ours"):
        Stopped.from_plain(plain)


def test_a_hierarchy_is_found_in_the_table_of_mounts(tmp_path: Path) -> None:
    table_file = tmp_path / "mountinfo"
    table_file.write_text(f"30 1 0:26 / {tmp_path} rw - cgroup2 none rw\n")
    assert hierarchy(table_file) == tmp_path
    table_file.write_text(f"30 1 0:26 / {tmp_path} rw - cgroup none rw\n")
    assert hierarchy(table_file) is None
    assert hierarchy(tmp_path / "none") is None
