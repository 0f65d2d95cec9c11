"""The gate as a whole: its own processes never wait for it, and it follows what is mounted."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.wire.guarding import Gap, Plan, Reach, Standing
from tests.engine.samples import EICAR
from tests.gate.live import Live, database, is_denied, is_running, volume, wait_until


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with volume(tmp_path, "ext4") as mounted:
        yield mounted


@pytest.fixture
def at_home(disk: Path) -> Iterator[Live]:
    """A guard whose state and databases lie on the volume that it guards."""
    running = Live(disk, database(disk))
    try:
        running.watch(disk)
        yield running
    finally:
        running.end()


def test_a_guard_that_guards_its_own_files_does_not_wait_for_itself(at_home: Live, disk: Path) -> None:
    began = time.monotonic()
    (disk / "evil").write_bytes(EICAR)
    assert is_denied(disk / "evil")
    for seconds in (20.0, 25.0):  # each a fork server that opens the databases anew
        at_home.watch(disk, examining=replace(at_home.plan.examining, seconds=seconds))
        assert is_denied(disk / "evil")
    for process in at_home.below():
        os.kill(process, 9)
    wait_until(lambda: is_denied(disk / "evil"), 5)
    wait_until(lambda: len(at_home.processes("garrison.gate")) == 2)
    gate = at_home.gate()
    os.kill(gate, 9)
    wait_until(lambda: not is_running(gate))
    at_home.connect(but=gate)
    at_home.wait_for(Gap)
    wait_until(lambda: is_denied(disk / "evil"), 5)
    (keeper,) = at_home.processes("garrison.keeper")
    os.kill(keeper, 9)
    wait_until(lambda: bool(at_home.processes("garrison.keeper")))
    assert is_denied(disk / "evil")
    standing = at_home.watch(disk, deadline_seconds=7.0)
    assert standing.counts["late"] == 0
    assert time.monotonic() - began < 20


def test_what_is_mounted_below_a_watched_folder_later_is_watched(disk: Path, tmp_path: Path) -> None:
    live = Live(tmp_path, database(tmp_path))
    below = disk / "below"
    below.mkdir()
    try:
        live.watch(disk, Reach.FOLDER)
        subprocess.run(["mount", "-t", "tmpfs", "none", below], check=True)
        try:
            live.wait_for(Standing)
            (below / "evil").write_bytes(EICAR)
            wait_until(lambda: is_denied(below / "evil"), 5)
        finally:
            subprocess.run(["umount", "-l", below], check=True)
    finally:
        live.end()


def test_a_plan_survives_the_end_of_all_processes(at_home: Live, disk: Path) -> None:
    assert Plan.from_plain(json.loads((at_home.folder / "plan.json").read_text("ascii"))) == at_home.plan
