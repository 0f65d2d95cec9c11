"""Tests of scans of areas, in a real suite and through the door."""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.exclusions import Exclusions
from garrison.abilities.response import Action
from garrison.abilities.scanner import Examined
from garrison.base.clock import FakeClock
from garrison.base.errors import EXIT_ALL_HANDLED, EXIT_DONE, EXIT_NOT_ALL_HANDLED
from garrison.base.paths import Home
from garrison.components.scan.run import Judges, Run
from garrison.linux.disks import Disk
from garrison.linux.removable import drive_under
from garrison.linux.running import Running, running
from garrison.sdk.testing import START, FakeJob
from tests.abilities.things import acting_self
from tests.suite import EICAR, RunningSuite

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
_PARTS = (EICAR[:30].hex(), EICAR[30:].hex())
INJECTED = f"""
import mmap, time
area = mmap.mmap(-1, 4096, prot=7)
area.write(bytes.fromhex({_PARTS[0]!r})); area.write(bytes.fromhex({_PARTS[1]!r}))
print("ready", flush=True); time.sleep(120)
"""


@contextmanager
def started(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Have a process that has said that it is ready."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, cwd="/") as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            yield child
        finally:
            child.kill()


def scanned(suite: RunningSuite, area: str, **options: Any) -> tuple[dict[str, Any], int]:
    with suite.connected() as client:
        answer = client.call(f"scan.{area}", options)
        return answer["result"], answer["exit"]


def rows(result: dict[str, Any], pid: int) -> list[dict[str, Any]]:
    return [row for row in result["running"] if row["pid"] == pid]


def test_injected_bytes_a_deleted_program_and_a_preload_are_found_by_a_quick_scan_and_nothing_before(
    suite: RunningSuite, tmp_path: Path
) -> None:
    before, _ = scanned(suite, "quick", action="report")
    deleted = tmp_path / "deleted"
    shutil.copy("/bin/sh", deleted)
    wait = ("-c", "echo ready; sleep 120; :")
    with (
        started(sys.executable, "-c", INJECTED) as injected,
        started(str(deleted), *wait) as of_deleted,
        started("/bin/sh", *wait, env={"LD_PRELOAD": str(tmp_path / "x.so")}) as preloaded,
    ):
        deleted.unlink()
        result, code = scanned(suite, "quick", action="report")
        assert [row["name"] for row in rows(result, injected.pid)] == ["EICAR-Test-File"]
        assert [row["name"] for row in rows(result, of_deleted.pid)] == ["Suspicious.DeletedProgram"]
        (row,) = rows(result, preloaded.pid)
        assert (row["name"], row["result"]) == ("Suspicious.Preload", "only reported")
        assert row["why"] == f"LD_PRELOAD loads {tmp_path}/x.so into it"
        assert code == EXIT_NOT_ALL_HANDLED
        assert {each.poll() for each in (injected, of_deleted, preloaded)} == {None}
        pids = {injected.pid, of_deleted.pid, preloaded.pid}
    assert not pids & {row["pid"] for row in before["running"]}


@needs_root
def test_a_process_over_which_something_is_mounted_is_found(suite: RunningSuite) -> None:
    with subprocess.Popen(["/bin/sleep", "120"]) as child:
        try:
            hide = f"mount -t tmpfs none /proc/{child.pid} && echo ready && exec sleep 120"
            with started("unshare", "--mount", "sh", "-c", hide):
                result, code = scanned(suite, "rootkits")
        finally:
            child.kill()
    found = {row["place"]: row for row in result["running"]}
    assert found[f"process {child.pid}"]["name"] == "Rootkit.HiddenProcess"
    assert code == EXIT_NOT_ALL_HANDLED


def test_a_process_is_ended_when_that_was_asked_for(suite: RunningSuite) -> None:
    with started(sys.executable, "-c", INJECTED) as child:
        result, code = scanned(suite, "memory", action="quarantine")
        assert [row["result"] for row in rows(result, child.pid)] == ["the process was ended"]
        assert child.wait(10) == -9
    assert code in {EXIT_ALL_HANDLED, EXIT_NOT_ALL_HANDLED}
    assert Path(sys.executable).exists()


def test_nobody_is_ended_for_data_that_cannot_run(suite: RunningSuite) -> None:
    with started(sys.executable, "-c", INJECTED.replace("prot=7", "prot=3")) as child:
        result, _ = scanned(suite, "memory", action="quarantine")
        assert {row["result"] for row in rows(result, child.pid)} <= {"only reported"}
        assert child.poll() is None


def test_what_starts_by_itself_is_scanned_with_what_it_starts(suite: RunningSuite, tmp_path: Path) -> None:
    home = Path(os.path.expanduser("~"))
    folder = home / ".config" / "autostart"
    existed = folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    entry, program = folder / "garrison-test.desktop", tmp_path / "program"
    program.write_bytes(EICAR)
    entry.write_text(f"[Desktop Entry]\nExec={program} --hidden\n")
    try:
        result, code = scanned(suite, "startup", action="report")
    finally:
        entry.unlink()
        if not existed:
            folder.rmdir()
    (row,) = [row for row in result["findings"] if row["path"] == str(program)]
    assert row["startup"] == f"is started by {entry}"
    assert code == EXIT_NOT_ALL_HANDLED


def test_boot_sectors_are_looked_at_or_it_is_said_why_not(suite: RunningSuite) -> None:
    result, code = scanned(suite, "boot")
    assert all(row["path"].startswith(("boot sectors of ", "/boot", "/efi")) for row in result["errors"])
    assert (result["running"], code) == ([], EXIT_DONE)


@pytest.mark.parametrize("action", [Action.QUARANTINE, Action.REPORT])
def test_a_program_that_was_taken_away_is_ended_only_where_that_was_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    program = tmp_path / "program"
    shutil.copy("/bin/sleep", program)
    exclusions = Exclusions(Home(tmp_path / "state"), FakeClock(START))

    async def nothing(examined: Examined, run: Run) -> None: ...

    async def work() -> None:
        async with acting_self() as acting:
            judges = Judges(nothing, lambda oddity, run: None)
            run = Run(judges, FakeJob(), action, exclusions.filter_for("scan", [], [], []), acting)
            await acting.run(run._find_programs)
            assert str(program) in run.roots
            await run.end_programs(str(program))

    with subprocess.Popen([program, "120"]) as child:
        try:
            process = wait_for_program(child.pid, program)
            monkeypatch.setattr("garrison.components.scan.run.visible", lambda account: [process])
            asyncio.run(work())
            assert (child.wait(10) if action is Action.QUARANTINE else child.poll()) == (
                -9 if action is Action.QUARANTINE else None
            )
        finally:
            child.kill()


def test_a_drive_that_is_pulled_out_without_being_unmounted_is_missed_too(tmp_path: Path) -> None:
    passed_over = Exclusions(Home(tmp_path / "state"), FakeClock(START)).filter_for("scan", [], [], [])

    async def nothing(examined: Examined, run: Run) -> None: ...

    async def scan(disk: Disk | None) -> tuple[bool, list[str]]:
        async with acting_self() as acting:
            judges = Judges(nothing, lambda oddity, run: None)
            run = Run(judges, FakeJob(), Action.REPORT, passed_over, acting)
            before = run.has_lost_drive()
            run.drive, run._disk = "/", disk
            assert not before
            lost = run.has_lost_drive()
            return lost, [row.what for row in run.gathered.summary(run.progress, 0.0, complete=True).errors]

    assert asyncio.run(scan(drive_under("/"))) == (False, [])
    assert asyncio.run(scan(Disk("/dev/gone", 1))) == (True, ["was taken away before all of it was examined"])


def wait_for_program(pid: int, program: Path) -> Running:
    for _ in range(100):
        process = running(pid)
        if process is not None and process.program == str(program):
            return process
        time.sleep(0.02)
    raise AssertionError("it never ran")
