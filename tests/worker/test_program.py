"""The product's own worker, with the product's engine, through the pool."""

import asyncio
import io
import os
import socket
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import pytest

from garrison.base.errors import Unavailable
from garrison.engine.budget import Limits
from garrison.engine.signatures.build import build
from garrison.engine.verdict import Kind, Verdict
from garrison.linux.workers import Outcome, Submitted, WorkerPool
from tests.worker.objects import descendants, examined

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
RULES = """
rule Eicar_Test_File {
    meta: threat = "EICAR-Test-File" kind = "test" certainty = "known"
    strings: $start = "X5O!P%@AP[4\\\\PZX54(P^)7CC)7}$EICAR"
    condition: $start at 0
}
rule Slow {
    strings: $slow = "please be slow"
    condition: $slow and for all i in (0..1000000000): (uint8(i % 10) < 255)
}
"""


class Folder:
    """A sink that writes into a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def create(self, name: str) -> BinaryIO:
        return (self._path / name).open("wb")

    def scratch(self) -> BinaryIO:
        return io.BytesIO()


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("databases")
    report = build([("test.yar", RULES.encode())], Folder(folder))
    assert report.rules == 2
    assert not report.skipped
    return folder


def pool_of(databases: Path, seconds: float = 10.0) -> WorkerPool:
    return WorkerPool(databases, size=1, limits=asdict(Limits()), seconds=seconds)


def tell(databases: Path, contents: Sequence[bytes], seconds: float = 10.0) -> list[Outcome]:
    async def run() -> list[Outcome]:
        async with pool_of(databases, seconds) as pool:
            return await examined(pool, contents)

    return asyncio.run(run())


def verdict_of(outcome: Outcome) -> Verdict:
    assert outcome.failure == "", outcome
    return Verdict.from_plain(outcome.untrusted_verdict)


def zipped(name: str, content: bytes, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as file:
        file.writestr(name, content)
    return archive.getvalue()


def test_a_clean_file_is_clean_and_a_known_one_is_found(databases: Path) -> None:
    clean, eicar = map(verdict_of, tell(databases, [b"nothing to see", EICAR]))
    assert clean.findings == ()
    assert [(finding.name, finding.kind) for finding in eicar.findings] == [("EICAR-Test-File", Kind.TEST)]


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_open_inside_the_sandbox(databases: Path, method: int) -> None:
    (verdict,) = map(verdict_of, tell(databases, [zipped("größe \u65e5.com", EICAR, method)]))
    assert [finding.inner for finding in verdict.findings] == [("größe \u65e5.com",)]


def test_a_match_that_takes_too_long_is_given_up_not_killed(databases: Path) -> None:
    slow, eicar = map(verdict_of, tell(databases, [b"please be slow", EICAR], seconds=6))
    assert any("too long" in remark.what for remark in slow.remarks)
    assert eicar.findings


def test_a_pipe_is_told_and_not_waited_for(databases: Path) -> None:
    async def run() -> list[Outcome]:
        reading, writing = os.pipe()
        try:
            async with pool_of(databases) as pool:
                return [outcome async for outcome in pool.examine([Submitted(reading, "pipe")])]
        finally:
            os.close(reading)
            os.close(writing)

    (verdict,) = map(verdict_of, asyncio.run(run()))
    assert verdict.type == "special"
    assert [remark.what for remark in verdict.remarks] == ["not a regular file"]


def test_the_machines_own_files_crash_nothing(databases: Path) -> None:
    paths = sorted(path for path in Path("/usr/lib").glob("*/*") if path.is_file())[:200]

    async def run() -> list[Outcome]:
        objects = [Submitted(os.open(path, os.O_RDONLY | os.O_CLOEXEC), str(path)) for path in paths]
        try:
            async with pool_of(databases, 60) as pool:
                return [outcome async for outcome in pool.examine(objects)]
        finally:
            for each in objects:
                os.close(each.descriptor)

    outcomes = asyncio.run(run())
    assert [outcome for outcome in outcomes if outcome.failure] == []
    assert len(outcomes) == len(paths)


def test_the_server_has_one_thread_and_no_network(databases: Path) -> None:
    async def run() -> None:
        async with pool_of(databases) as pool:
            await examined(pool, [b"x"])
            server, worker = descendants(os.getpid())[-2:]
            look(server, worker)

    asyncio.run(run())


def look(server: int, worker: int) -> None:
    assert len(list(Path(f"/proc/{server}/task").iterdir())) == 1
    for task in Path(f"/proc/{worker}/task").iterdir():
        status = (task / "status").read_text("utf-8")
        assert "Seccomp:\t2" in status
        assert "CapEff:\t0000000000000000" in status
        assert os.geteuid() != 0 or "Uid:\t0" not in status


def test_missing_and_damaged_databases_are_told(databases: Path, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as missing:
        tell(tmp_path / "nowhere", [b""])
    assert "no such file" in missing.value.hint
    for file in databases.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Unavailable) as damaged:
        tell(tmp_path, [b""])
    assert "cannot be used" in damaged.value.hint


def test_the_program_ends_when_nobody_is_there() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        ours.close()
        command = [sys.executable, "-I", "-m", "garrison.worker", str(theirs.fileno())]
        done = subprocess.run(command, pass_fds=[theirs.fileno()], check=False, timeout=30)
    assert done.returncode == 0
