"""Tests of looking where threats are that are no files."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities import areas as areas_module
from garrison.abilities.areas import Areas, Oddity, end, visible
from garrison.abilities.databases import Databases
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.scanner import Scanner
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.linux.acting import Acting
from garrison.linux.disks import Disk
from garrison.linux.running import running
from garrison.linux.walk import Trouble
from tests.abilities.things import EICAR, NOBODY, START, needs_root
from tests.engine.disk_samples import EFI, in_gpt
from tests.engine.fat_samples import entry, make_fat

Look = Callable[[Areas, Acting, Callable[[Oddity | Trouble], Awaitable[None]]], Awaitable[None]]
_SLEEP = "import os, sys, time; sys.stdout.write('ready\\n'); sys.stdout.flush(); time.sleep(60)"


@pytest.fixture(scope="module")
def home() -> Iterator[Home]:
    with tempfile.TemporaryDirectory() as folder:
        yield Home(Path(folder) / "state")


def found(home: Home, look: Look, uid: int | None = None) -> list[Oddity | Trouble]:
    """Return what an area tells, looked at with the rights of an account."""

    async def inside() -> list[Oddity | Trouble]:
        told: list[Oddity | Trouble] = []
        clock = FakeClock(START)
        databases = Databases(home, clock)
        await databases.ensure()
        scanner = Scanner(databases, Quarantine(home, clock), Unchanged(home.folder("unchanged", 1), clock))

        async def sink(item: Oddity | Trouble) -> None:
            told.append(item)

        who = os.geteuid() if uid is None else uid
        try:
            async with Acting(who, who) as acting:
                await look(Areas(scanner, databases), acting, sink)
        finally:
            await scanner.close()
        return told

    return asyncio.run(inside())


def names(told: Sequence[Oddity | Trouble], pid: int) -> list[str]:
    return [each.finding.name for each in told if isinstance(each, Oddity) and each.process and each.process.pid == pid]


@contextmanager
def started(*command: str, env: dict[str, str] | None = None, uid: int | None = None) -> Iterator[int]:
    """Have a process that has said that it is ready."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, user=uid, group=uid, cwd="/") as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"ready\n"
            yield child.pid
        finally:
            child.kill()


def injected(rights: str) -> str:
    """Return a program that puts the test virus, together only in memory, into a page of its own."""
    parts = [EICAR[:30].hex(), EICAR[30:].hex()]
    return textwrap.dedent(f"""
        import mmap, sys, time
        area = mmap.mmap(-1, 8192, prot={rights})
        area.write(bytes.fromhex({parts[0]!r})); area.write(bytes.fromhex({parts[1]!r}))
        sys.stdout.write('ready\\n'); sys.stdout.flush(); time.sleep(60)
    """)


def from_memory() -> str:
    """Return a program that runs another one out of memory."""
    return textwrap.dedent("""
        import os, shutil
        memory = os.memfd_create("program", 0)
        with open("/bin/sh", "rb") as program, open(memory, "wb", closefd=False) as target:
            shutil.copyfileobj(program, target)
        os.execv(f"/proc/self/fd/{memory}", ["sh", "-c", "echo ready; read line < /proc/self/fd/0; sleep 60"])
    """)


async def rootkits(areas: Areas, acting: Acting, sink: Callable[[Oddity | Trouble], Awaitable[None]]) -> None:
    await areas.rootkits(acting, sink)


async def memory(areas: Areas, acting: Acting, sink: Callable[[Oddity | Trouble], Awaitable[None]]) -> None:
    await areas.code(acting, sink)
    await areas.data(acting, sink, is_brief=True)


def children_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have children of this very process looked at: else all that a suite starts is left out."""
    monkeypatch.setattr("garrison.abilities.areas.family", lambda pid, every: {pid})


def only_children_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the memory of all other programs on this computer, which a scan in a real suite looks at in its test."""
    children_looked_at(monkeypatch)
    every = areas_module._with_memory
    monkeypatch.setattr(
        areas_module, "_with_memory", lambda account: [each for each in every(account) if each.parent == os.getpid()]
    )


def test_a_program_out_of_memory_a_deleted_one_and_a_preload_are_found(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    children_looked_at(monkeypatch)
    deleted = tmp_path / "deleted"
    shutil.copy("/bin/sh", deleted)
    preload = {"LD_PRELOAD": str(tmp_path / "nothing.so")}
    trusted = {"LD_PRELOAD": "/usr/lib/libnothing.so"}
    wait = ("-c", "echo ready; sleep 60; :")
    with (
        started(sys.executable, "-c", from_memory()) as in_memory,
        started(str(deleted), *wait) as of_deleted,
        started("/bin/sh", *wait, env=preload) as of_preload,
        started("/bin/sh", *wait, env=trusted) as fine,
    ):
        deleted.unlink()
        told = found(home, rootkits)
    assert names(told, in_memory) == ["Suspicious.ProgramInMemory"]
    assert names(told, of_deleted) == ["Suspicious.DeletedProgram"]
    assert names(told, of_preload) == ["Suspicious.Preload"]
    assert names(told, fine) == []


def test_a_program_in_memory_that_is_sealed_as_container_runtimes_do_is_let_be(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    children_looked_at(monkeypatch)
    script = from_memory().replace('"program", 0', '"program", 2')
    sealing = f"import fcntl; fcntl.fcntl(memory, {fcntl.F_ADD_SEALS}, 15)\nos.execv"
    with started(sys.executable, "-c", script.replace("os.execv", sealing)) as sealed:
        assert names(found(home, rootkits), sealed) == []


@pytest.mark.parametrize("rights", ["7", "3"], ids=["executable", "writable"])
def test_bytes_in_the_memory_of_a_process_are_found(home: Home, monkeypatch: pytest.MonkeyPatch, rights: str) -> None:
    only_children_looked_at(monkeypatch)
    with started(sys.executable, "-c", injected(rights)) as child, started(sys.executable, "-c", _SLEEP) as fine:
        told = found(home, memory)
        process = running(child)
        assert process is not None
    assert (names(told, child), names(told, fine)) == (["EICAR-Test-File"], [])
    (oddity,) = [each for each in told if isinstance(each, Oddity) and each.process and each.process.pid == child]
    assert oddity.place == f"memory of process {child} ({process.program})"


@needs_root
def test_an_account_sees_its_own_processes_only_and_is_told_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    children_looked_at(monkeypatch)
    preload = {"LD_PRELOAD": "/nowhere/x.so"}
    wait = ("/bin/sh", "-c", "echo ready; sleep 60; :")
    with started(*wait, env=preload) as roots, started(*wait, env=preload, uid=NOBODY) as theirs:
        assert {each.uid for each in visible(NOBODY)} == {NOBODY}
        told = found(home, rootkits, NOBODY)
        assert any(isinstance(each, Trouble) and "your own processes" in each.what for each in told)
        assert (names(told, roots), names(told, theirs)) == ([], ["Suspicious.Preload"])
        assert all(isinstance(each, Trouble) for each in found(home, memory, NOBODY))


def test_the_suite_does_not_look_into_itself() -> None:
    with started(sys.executable, "-c", _SLEEP) as child:
        shown = {each.pid for each in visible(os.geteuid())}
    assert not shown & {os.getpid(), child}


def test_a_threat_in_a_boot_sector_and_a_damaged_table_are_told(home: Home, tmp_path: Path) -> None:
    image = bytearray(in_gpt(b"x" * 2_000_000))
    gap = 34 * 512
    assert gap < 1 << 20
    path = tmp_path / "disk"

    def told() -> list[Oddity | Trouble]:
        path.write_bytes(image)

        async def boot(areas: Areas, acting: Acting, sink: Callable[[Oddity | Trouble], Awaitable[None]]) -> None:
            await areas.boot(acting, sink, [Disk(str(path), len(image)), Disk(str(tmp_path / "none"), 1)])

        return found(home, boot)

    (missing,) = told()
    assert isinstance(missing, Trouble)
    assert missing.what == "not read: no such file or directory"
    image[512 + 20] ^= 1
    troubles = [each.what for each in told() if isinstance(each, Trouble)]
    assert any("checksum of its partition table is wrong" in what for what in troubles)
    image[: len(EICAR)] = EICAR
    image[len(EICAR) : 440] = bytes(440 - len(EICAR))
    assert told()


def test_a_threat_on_an_efi_partition_that_is_not_mounted_is_found_and_so_is_what_is_no_file_system(
    home: Home, tmp_path: Path
) -> None:
    path = tmp_path / "disk"

    def told(content: bytes) -> list[tuple[str, str] | Trouble]:
        path.write_bytes(in_gpt(content, kind=EFI))

        async def boot(areas: Areas, acting: Acting, sink: Callable[[Oddity | Trouble], Awaitable[None]]) -> None:
            await areas.boot(acting, sink, [Disk(str(path), path.stat().st_size)])

        return [
            each if isinstance(each, Trouble) else (each.place, f"{each.finding.name} {each.finding.inner}")
            for each in found(home, boot)
        ]

    folder = entry(b"BOOTX64 EFI", 2500, 68)
    file_system = make_fat({3: folder, 2500: EICAR}, entry(b"EFI        ", 3, 0, 0x10), bits=16)
    assert len(file_system) > 1 << 20  # more than what is read of the disk to look at its table
    place = f"EFI partition 1 of {path}"
    assert told(file_system) == [(place, "EICAR-Test-File ('EFI/BOOTX64.EFI',)")]
    assert told(make_fat({3: folder, 2500: b"x" * 68}, entry(b"EFI        ", 3, 0, 0x10), bits=16)) == []
    assert told(b"n" * 5000) == [Trouble(place, "its files were not checked: it holds no FAT file system")]
    assert told(file_system[: 512 * 40]) == [Trouble(place, "damaged: ends too early")]


def test_only_the_very_process_that_was_seen_is_ended() -> None:
    with subprocess.Popen(["/bin/sleep", "60"]) as child:
        try:
            process = running(child.pid)
            assert process is not None
            assert not end(replace(process, began=process.began + 1))
            assert child.poll() is None
            assert end(process)
            assert child.wait(10) == -9
            assert not end(process)
        finally:
            child.kill()


def test_what_is_too_much_of_one_process_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    children_looked_at(monkeypatch)
    monkeypatch.setattr("garrison.abilities.areas._MOST_IN_BRIEF", 16 * 1024)

    async def brief(areas: Areas, acting: Acting, sink: Callable[[Oddity | Trouble], Awaitable[None]]) -> None:
        await areas.data(acting, sink, is_brief=True)

    with started(sys.executable, "-c", _SLEEP):
        told = [each.what for each in found(home, brief) if isinstance(each, Trouble)]
    assert "only the smaller parts, 16.0 KiB of each, were checked" in told
