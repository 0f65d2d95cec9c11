"""Tests of the scan component on a stage, where each account can be the caller."""

import asyncio
import os
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from garrison import sdk
from garrison.abilities.checkpoints import Track
from garrison.abilities.curing import Curing
from garrison.abilities.databases import Databases
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.exclusions import By, Exclusions
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import Response
from garrison.abilities.scanner import Examined, Scanner
from garrison.abilities.surroundings import Surroundings
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, Invalid
from garrison.base.paths import Home
from garrison.components.scan import component as component_module
from garrison.components.scan.component import Scan
from garrison.components.scan.results import Resolved, ScanSummary
from garrison.components.scan.run import EVERYWHERE, Run
from garrison.engine.verdict import Certainty
from garrison.linux.acting import Acting
from garrison.linux.place import Place
from garrison.linux.walk import Trouble
from garrison.linux.workers import Outcome, Submitted
from garrison.sdk.testing import START, Staged, stage
from tests.abilities.things import EICAR, NOBODY, STRANGER, needs_root, small_disk

MYSELF = sdk.Caller.myself()
OTHER = sdk.Caller(NOBODY, NOBODY)
R = TypeVar("R")


class Bench:
    """A scan component with real abilities, and a folder that every account can reach."""

    def __init__(self, root: Path) -> None:
        self.home, self.clock, self.files = Home(root / "state"), FakeClock(START), root / "files"
        self.files.mkdir()
        self.files.chmod(0o777)
        self.quarantine = Quarantine(self.home, self.clock)
        self.databases = Databases(self.home, self.clock)
        self.exclusions = Exclusions(self.home, self.clock)
        self.scanner = Scanner(self.databases, self.quarantine, Unchanged(self.home.folder("unchanged", 1), self.clock))
        curing = Curing(self.databases, self.scanner, Outgoing(lambda _: None), self.clock)
        self.response = Response(self.home, self.clock, self.quarantine, curing)

    def staged(self) -> Staged[Scan]:
        return stage(
            Scan,
            home=self.home,
            scanner=self.scanner,
            databases=self.databases,
            response=self.response,
            exclusions=self.exclusions,
            compiler=Compiler(self.databases),
            clock=self.clock,
            surroundings=Surroundings(),
        )

    def run(self, work: Callable[[Staged[Scan]], Awaitable[R]]) -> R:
        async def inside() -> R:
            await self.databases.ensure()
            try:
                return await work(self.staged())
            finally:
                await self.scanner.close()

        return asyncio.run(inside())

    def make(self, name: str, owner: int = 0, content: bytes = EICAR) -> Path:
        path = self.files / name
        path.write_bytes(content)
        if os.geteuid() == 0:
            os.chown(path, owner, owner)
        return path

    def suspect(self, path: Path) -> None:
        """Have it that a file which is on the list was only suspicious."""
        self.response._left[str(path)] = replace(self.response._left[str(path)], certainty="probable")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with tempfile.TemporaryDirectory(prefix="garrison-test-") as name:
        Path(name).chmod(0o755)
        yield Bench(Path(name).resolve())


async def scan(staged: Staged[Scan], *paths: Path, caller: sdk.Caller = MYSELF, **options: Any) -> ScanSummary:
    summary: ScanSummary = await staged.ask("files", caller, paths=[str(path) for path in paths], **options)
    return summary


async def resolve(staged: Staged[Scan], *paths: Path, caller: sdk.Caller = MYSELF) -> Resolved:
    resolved: Resolved = await staged.ask("resolve", caller, path=[str(path) for path in paths])
    return resolved


def issues(staged: Staged[Scan], caller: sdk.Caller = MYSELF) -> dict[str, sdk.Issue]:
    return {issue.id: issue for issue in staged.component.issues_for(caller)}


def test_only_what_is_known_is_moved_unless_it_is_named(bench: Bench) -> None:
    known, suspicious = bench.make("known"), bench.make("suspicious")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, bench.files)
        bench.suspect(suspicious)
        assert issues(staged)["threats"].fix == "scan.resolve"
        assert not issues(staged)["suspicious"].fix
        assert await resolve(staged) == Resolved(moved=1, harmless=[], failed=[])
        assert not known.exists()
        assert suspicious.exists()
        resolved = await resolve(staged, suspicious, known)
        assert (resolved.moved, resolved.exit_code()) == (1, 3)
        assert resolved.failed == [f"{known}: is not among the threats left in place"]
        assert not suspicious.exists()

    bench.run(work)


def test_what_is_clean_by_now_is_let_be_and_no_issue(bench: Bench) -> None:
    """Write other bytes of the same length, and give the file back the time it had."""
    path = bench.make("file")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, path)
        before = path.stat()
        path.write_bytes(EICAR[::-1])
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert await resolve(staged) == Resolved(moved=0, harmless=[str(path)], failed=[])
        assert path.read_bytes() == EICAR[::-1]
        assert "threats" not in issues(staged)
        assert bench.quarantine.records() == []

    bench.run(work)


def test_what_cannot_be_examined_again_is_let_be(bench: Bench) -> None:
    path = bench.make("file")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, path)
        staged.component._still_there.among = list  # type: ignore[method-assign, assignment]
        path.unlink()
        path.symlink_to("elsewhere")
        resolved = await resolve(staged)
        assert resolved.failed == [f"{path}: is no file any more"]

    bench.run(work)


def test_what_is_only_suspicious_by_now_has_to_be_named(bench: Bench) -> None:
    path = bench.make("file")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, path)
        real = bench.scanner.examine_file

        async def doubtful(name: str, acting: Acting) -> Examined | Trouble:
            examined = await real(name, acting)
            assert isinstance(examined, Examined)
            findings = tuple(replace(each, certainty=Certainty.PROBABLE) for each in examined.verdict.findings)
            return replace(examined, verdict=replace(examined.verdict, findings=findings))

        bench.scanner.examine_file = doubtful  # type: ignore[method-assign, assignment]
        resolved = await resolve(staged)
        assert "only suspicious" in resolved.failed[0]
        assert path.exists()
        assert (await resolve(staged, path)).moved == 1

    bench.run(work)


def test_what_was_excluded_since_is_let_be(bench: Bench) -> None:
    path = bench.make("file")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, path)
        bench.exclusions.add(By.NAME, "EICAR-*")
        assert (await resolve(staged)).moved == 0
        assert path.exists()

    bench.run(work)


@needs_root
def test_each_account_is_told_of_its_own_and_acts_with_its_own_rights(bench: Bench) -> None:
    theirs, roots = bench.make("theirs", NOBODY), bench.make("roots")

    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, bench.files)
        assert str(issues(staged)["threats"].text).startswith("2 threats")
        assert str(issues(staged, OTHER)["threats"].text).startswith("1 threat ")
        assert "threats" not in issues(staged, sdk.Caller(STRANGER, STRANGER))
        resolved = await resolve(staged, roots, caller=OTHER)
        assert resolved.failed == [f"{roots}: is not among the threats left in place"]
        assert (await resolve(staged, caller=OTHER)).moved == 1
        assert not theirs.exists()
        assert roots.exists()

    bench.run(work)


@needs_root
def test_a_scan_of_another_account_says_nothing_to_the_owner(bench: Bench) -> None:
    async def work(staged: Staged[Scan]) -> None:
        await scan(staged, bench.files, caller=OTHER)
        assert "never" in issues(staged)
        assert "never" not in issues(staged, OTHER)
        await scan(staged, bench.files)
        assert "never" not in issues(staged)
        assert "never" not in issues(staged, sdk.Caller(STRANGER, STRANGER))
        assert len(await staged.ask("results", OTHER)) == 1

    bench.run(work)


def test_a_scan_that_cannot_be_kept_still_answers(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.make("file")

    async def work(staged: Staged[Scan]) -> None:
        def full(*_: object) -> int:
            raise Failed("the disk is full")

        monkeypatch.setattr(staged.component._past, "add", full)
        summary = await scan(staged, bench.files)
        assert (summary.kept, len(summary.findings)) == (False, 1)
        assert staged.reported[-1].__class__.__name__ == "ScanFinished"

    bench.run(work)


@needs_root
def test_a_quick_scan_looks_for_its_places_with_the_rights_of_the_caller(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let a home name a place that only root may look into, and be full of traps."""
    own, secret = bench.files / "home", bench.files / "secret"
    (own / ".config").mkdir(parents=True)
    (secret / "inner").mkdir(parents=True)
    secret.chmod(0o700)
    (own / ".config" / "user-dirs.dirs").write_text(f'XDG_DOWNLOAD_DIR="{secret}/inner"\n')
    monkeypatch.setattr(component_module, "account_home", lambda _: own)
    monkeypatch.setattr(component_module, "EVERYWHERE", frozenset())
    asked = []

    async def work(staged: Staged[Scan]) -> None:
        real = bench.scanner.scan

        async def spy(roots: list[str], *rest: Any, **_: Any) -> None:
            asked.append(roots)
            await real([], *rest)

        monkeypatch.setattr(bench.scanner, "scan", spy)
        await staged.ask("quick", OTHER)
        await staged.ask("quick", MYSELF)
        (own / ".config" / "user-dirs.dirs").unlink()
        os.mkfifo(own / ".config" / "user-dirs.dirs")
        async with asyncio.timeout(5):
            await staged.ask("quick", OTHER)

    bench.run(work)
    assert [f"{secret}/inner" in roots for roots in asked] == [False, True, False]


def test_a_full_scan_is_of_all_files_and_every_area(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    async def work(staged: Staged[Scan]) -> None:
        async def spy(roots: list[str], *rest: Any, **_: Any) -> None:
            asked.append(roots)

        async def look(run: object, areas: object, wanted: object, **options: object) -> None:
            asked.append(wanted)

        monkeypatch.setattr(bench.scanner, "scan", spy)
        monkeypatch.setattr(Run, "look", look)
        monkeypatch.setattr(Run, "look_last", look)
        await staged.ask("full", MYSELF)

    bench.run(work)
    assert asked == [EVERYWHERE, ["/"], EVERYWHERE]


@needs_root
def test_files_are_examined_on_account_of_who_asks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.make("file", NOBODY)
    accounts = []

    async def work(staged: Staged[Scan]) -> None:
        async with bench.scanner._workers() as pool:
            real = pool.examine

        def spy(objects: Sequence[Submitted], account: int) -> AsyncGenerator[Outcome, None]:
            accounts.append(account)
            return real(objects, account)

        monkeypatch.setattr(pool, "examine", spy)
        await scan(staged, bench.files, caller=OTHER)
        await resolve(staged, caller=OTHER)

    bench.run(work)
    assert accounts == [NOBODY, NOBODY]


@pytest.mark.parametrize("option", ["paths", "exclude", "exclude_name", "exclude_hash"])
def test_lists_have_an_end(bench: Bench, option: str) -> None:
    async def work(staged: Staged[Scan]) -> None:
        given = {"paths": ["/nowhere"], option: ["/x" * 30] * 10_001}
        with pytest.raises(Invalid, match=rf"{option}: at most 10+,?0*"):
            await staged.ask("files", MYSELF, **given)

    bench.run(work)


def test_a_background_scan_goes_on_with_the_one_that_waits(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[list[str], int]] = []

    async def work(staged: Staged[Scan]) -> tuple[ScanSummary, ScanSummary]:
        async def spy(roots: list[str], *rest: Any, **_: Any) -> None:
            (track,) = (each for each in rest if isinstance(each, Track))
            asked.append((roots, track.start.place.root))
            if len(asked) == 1:
                track.step(Place(1), 0, (0, 0))
                track.is_stopping = True

        async def look(*_: object, **__: object) -> None: ...

        monkeypatch.setattr(bench.scanner, "scan", spy)
        for name in ("look", "look_last"):
            monkeypatch.setattr(Run, name, look)
        return await staged.ask("background", MYSELF), await staged.ask("background", MYSELF)

    first, second = bench.run(work)
    assert asked == [(["/"], 0), (["/"], 1)]
    assert (first.waits, first.complete, second.waits, second.complete) == (1, False, 0, True)


def test_a_removable_drive_is_scanned_where_it_is_mounted(bench: Bench) -> None:
    async def work(staged: Staged[Scan]) -> None:
        with pytest.raises(Invalid, match="not where a drive is mounted"):
            await staged.ask("removable", MYSELF, path=str(bench.files))

    bench.run(work)


@needs_root
def test_a_threat_on_a_drive_is_found(bench: Bench) -> None:
    with small_disk(bench.files):
        bench.make("eicar.com")

        async def work(staged: Staged[Scan]) -> ScanSummary:
            summary: ScanSummary = await staged.ask("removable", MYSELF, path=str(bench.files))
            return summary

        summary = bench.run(work)
        assert [row.result for row in summary.findings] == ["quarantined"]


@needs_root
def test_a_quick_scan_of_a_drive_looks_at_what_can_do_harm(bench: Bench) -> None:
    with small_disk(bench.files):
        (bench.files / "deep").mkdir()
        for name in ("deep/eicar.com", "deep/eicar.jpg"):
            bench.make(name)

        async def work(staged: Staged[Scan]) -> ScanSummary:
            summary: ScanSummary = await staged.ask("removable", MYSELF, path=str(bench.files), quick=True)
            return summary

        summary = bench.run(work)
        assert [os.path.basename(row.path) for row in summary.findings] == ["eicar.com"]
        assert (summary.files, summary.complete) == (1, True)
