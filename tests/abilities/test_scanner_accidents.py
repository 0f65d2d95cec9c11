"""What the scanner does when workers end, files are looked at again, or somebody keeps one to himself."""

import asyncio
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from garrison.abilities.scanner import Examined, Progress
from garrison.base.errors import Unavailable
from garrison.base.paths import Home
from garrison.engine.verdict import Verdict
from garrison.linux.walk import Trouble
from garrison.linux.workers import Outcome, Submitted
from tests.abilities.test_scanner import Scan, home, make_scanner, no_descriptor_is_lost, top
from tests.abilities.things import EICAR, acting_self
from tests.linux.test_walk_hostile import leased

__all__ = ["home", "no_descriptor_is_lost", "top"]  # fixtures


class Accidents:
    """A pool that ends as told over each name, time after time; then it finds nothing."""

    def __init__(self, **failures: list[str]) -> None:
        self.failures = failures
        self.batches: list[tuple[list[str], int]] = []
        self.databases = Path("set")

    async def examine(self, objects: Sequence[Submitted], account: int) -> AsyncGenerator[Outcome, None]:
        self.batches.append(([each.name for each in objects], account))
        for index, each in enumerate(objects):
            failures = self.failures.get(each.name)
            if failures:
                yield Outcome(index, None, failures.pop(0), "why")
            else:
                yield Outcome(index, Verdict(objects=1).to_plain(), "", "")


def examined_by(pool: Accidents, top: Path, monkeypatch: pytest.MonkeyPatch, home: Home) -> dict[str, object]:
    @asynccontextmanager
    async def workers(*_: object) -> AsyncIterator[Accidents]:
        yield pool

    scanner = make_scanner(home)
    monkeypatch.setattr(scanner, "_workers", workers)
    said: dict[str, object] = {}

    async def sink(item: Examined | Trouble) -> None:
        name = os.path.basename(item.path)
        said[name] = item if isinstance(item, Trouble) else [finding.name for finding in item.verdict.findings]

    async def inside() -> None:
        async with acting_self() as acting:
            await scanner.scan([str(top)], acting, sink, lambda _: False, Progress())

    asyncio.run(inside())
    return said


def test_an_accident_is_tried_once_more_alone_before_it_is_a_finding(
    home: Home, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good", "once", "hung", "bad", "memory", "killed"):
        (top / name).write_bytes(b"x")
    pool = Accidents(
        once=["crashed"], hung=["timeout"], bad=["crashed", "timeout"], memory=["memory"], killed=["killed", "killed"]
    )
    said = examined_by(pool, top, monkeypatch, home)
    killed = Trouble(str(top / "killed"), "could not be examined: the worker was ended from outside")
    assert said == {
        "good": [],
        "once": [],
        "hung": [],
        "bad": ["Anomaly.Scan.Timeout"],
        "memory": ["Anomaly.Scan.Memory"],
        "killed": killed,
    }
    assert sorted(names for names, _ in pool.batches[1:]) == [["bad"], ["hung"], ["killed"], ["once"]]
    assert {account for _, account in pool.batches} == {os.geteuid()}


def test_a_given_file_that_could_not_be_examined_is_told_as_such(
    home: Home, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (top / "one").write_bytes(b"x")
    said = examined_by(Accidents(one=["killed", "killed"]), top / "one", monkeypatch, home)
    assert isinstance(said["one"], Trouble)
    assert said["one"].given


def test_one_open_file_is_tried_once_more_too(home: Home, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (top / "one").write_bytes(b"x")
    scanner = make_scanner(home)
    pool = Accidents()

    @asynccontextmanager
    async def workers(databases: object = None) -> AsyncIterator[Accidents]:
        yield pool

    monkeypatch.setattr(scanner, "_workers", workers)

    async def inside() -> None:
        with (top / "one").open("rb") as file:
            pool.failures["one"] = ["crashed"]
            assert not (await scanner.examine_one(file.fileno(), "one", 1234)).findings
            pool.failures["one"] = ["killed", "killed"]
            with pytest.raises(Unavailable, match="ended from outside"):
                await scanner.examine_one(file.fileno(), "one")

    asyncio.run(inside())
    assert [account for _, account in pool.batches] == [1234, 1234, os.geteuid(), os.geteuid()]


def test_examines_one_file_again(home: Home, top: Path) -> None:
    (top / "eicar").write_bytes(EICAR)
    (top / "link").symlink_to("eicar")
    (top / "folder").mkdir()

    async def inside() -> None:
        scanner = make_scanner(home)
        try:
            async with acting_self() as acting:
                examined = await scanner.examine_file(str(top / "eicar"), acting)
                assert isinstance(examined, Examined)
                assert examined.verdict.findings
                for name in ("link", "folder", "missing"):
                    assert isinstance(await scanner.examine_file(str(top / name), acting), Trouble)
        finally:
            await scanner.close()

    asyncio.run(inside())


def test_waiting_for_a_lease_can_be_cut_short(home: Home, top: Path) -> None:
    (top / "held").write_bytes(b"x")
    start = time.monotonic()
    with leased(top / "held"), pytest.raises(TimeoutError):
        Scan(home, limit_seconds=1.0).run(top)
    assert time.monotonic() - start < 4
