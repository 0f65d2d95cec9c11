import asyncio
import os
import stat
import threading
import time
import zipfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases
from garrison.abilities.quarantine import Identity, Quarantine
from garrison.abilities.scanner import Examined, Progress, Scanner, Way
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.errors import Unavailable
from garrison.base.paths import Home
from garrison.engine.budget import Limits
from garrison.linux.acting import Acting
from garrison.linux.walk import Trouble
from tests.abilities.things import EICAR, NOBODY, START, acting_self, descriptors, make_store, needs_root, take
from tests.engine.rules.samples import load


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("scanner").resolve())
    asyncio.run(Databases(made, FakeClock(START)).ensure())
    return made


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path.resolve() / "top"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def no_descriptor_is_lost() -> Iterator[None]:
    before = descriptors()
    yield
    assert descriptors() == before


@dataclass
class Scan:
    """A scan and what came of it."""

    home: Home
    skip: Callable[[str], bool] = lambda _: False
    uid: int | None = None
    sink: Callable[["Examined | Trouble"], Awaitable[None]] | None = None
    limit_seconds: float | None = None
    examined: list[Examined] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    progress: Progress = field(default_factory=Progress)

    async def _take(self, item: Examined | Trouble) -> None:
        if self.sink is not None:
            await self.sink(item)
        if isinstance(item, Trouble):
            self.troubles.append(item)
        else:
            self.examined.append(item)

    async def _run(self, roots: tuple[Path | str, ...]) -> None:
        scanner = make_scanner(self.home)
        try:
            async with acting_self() if self.uid is None else Acting(self.uid, self.uid) as acting:
                async with asyncio.timeout(self.limit_seconds):
                    await scanner.scan([str(root) for root in roots], acting, self._take, self.skip, self.progress)
            assert [crew.users for crew in scanner._crews] == [0]
        finally:
            await scanner.close()

    def run(self, *roots: Path | str) -> "Scan":
        asyncio.run(self._run(roots))
        return self

    def found(self) -> dict[str, list[str]]:
        """Return the names of what was found, by the name of the file."""
        return {
            os.path.basename(each.path): [finding.name for finding in each.verdict.findings]
            for each in self.examined
            if each.verdict.findings
        }


def make_scanner(home: Home) -> Scanner:
    clock = FakeClock(START)
    return Scanner(Databases(home, clock), Quarantine(home, clock), Unchanged(home.folder("unchanged", 1), clock))


def test_finds_threats_among_files(home: Home, top: Path) -> None:
    (top / "eicar").write_bytes(EICAR)
    with zipfile.ZipFile(top / "archive.zip", "w") as archive:
        archive.writestr("inside", EICAR)
    sample = load()[0]
    (top / "sample").write_bytes(sample.positive)
    (top / "empty").touch()
    for number in range(100):
        (top / f"good {number}").write_bytes(b"good" * number)
    scan = Scan(home).run(top)
    assert set(scan.found()) == {"eicar", "archive.zip", "sample"}
    assert scan.troubles == []
    assert len(scan.examined) == 104
    assert (scan.progress.done, scan.progress.total) == (104, 104)
    (eicar,) = [each for each in scan.examined if each.path == str(top / "eicar")]
    assert eicar.identity == Identity.of((top / "eicar").stat())
    assert eicar.owner == os.geteuid()
    assert eicar.verdict.sha256
    (zipped,) = [each for each in scan.examined if each.path.endswith(".zip")]
    assert zipped.verdict.findings[0].inner == ("inside",)


@needs_root
def test_whatever_there_is_gives_a_sentence_and_the_scan_goes_on(home: Home, top: Path) -> None:
    (top / "eicar").write_bytes(EICAR)
    (top / os.fsdecode(b"\xff\n")).write_bytes(EICAR)
    os.mkfifo(top / "pipe")
    os.mknod(top / "device", stat.S_IFCHR | 0o666, os.makedev(10, 130))
    (top / "a").symlink_to("b")
    (top / "b").symlink_to("a")
    with (top / "huge").open("wb") as huge:
        huge.truncate(10 * 1024**4)
    scan = Scan(home).run(top, top / "missing", "/proc/self")
    assert set(scan.found()) == {"eicar", "\udcff\n"}
    assert {os.path.relpath(trouble.path, top): trouble.given for trouble in scan.troubles} == {
        "pipe": False,
        "device": False,
        "a": False,
        "b": False,
        "missing": True,
        os.path.relpath("/proc/self", top): True,
    }
    (huge_one,) = [each for each in scan.examined if each.path.endswith("huge")]
    assert huge_one.verdict.remarks


def test_a_file_that_grows_and_one_that_shrinks_while_they_are_read(home: Home, top: Path) -> None:
    stop = threading.Event()
    paths = [top / "grows", top / "shrinks"]

    def churn() -> None:
        size = 0
        while not stop.is_set():
            size = (size + 4096) % (1024 * 1024)
            for path, length in zip(paths, (size, 1024 * 1024 - size), strict=True):
                os.truncate(path, length)

    for path in paths:
        path.touch()
    (top / "eicar").write_bytes(EICAR)
    churner = threading.Thread(target=churn)
    churner.start()
    try:
        for _ in range(3):
            scan = Scan(home).run(top)
            assert set(scan.found()) == {"eicar"}
            assert len(scan.examined) == 3
    finally:
        stop.set()
        churner.join()


@needs_root
def test_sees_only_what_the_account_may_see(home: Home, shared: Path) -> None:
    (shared / "open").write_bytes(EICAR)
    (shared / "secret").write_bytes(EICAR)
    (shared / "secret").chmod(0o600)
    (shared / "closed").mkdir(mode=0o700)
    for number in range(10):
        (shared / "closed" / str(number)).write_bytes(EICAR)
    scan = Scan(home, uid=NOBODY).run(shared, shared / "closed" / "5")
    assert set(scan.found()) == {"open"}
    assert {os.path.relpath(trouble.path, shared) for trouble in scan.troubles} == {"secret", "closed", "closed/5"}
    assert scan.progress.total == 2  # not even how many there are


def test_leaves_out_our_own_stores_and_exclusions(top: Path) -> None:
    inner = Home(top / "state")
    asyncio.run(Databases(inner, FakeClock(START)).ensure())
    store = make_store(inner.root)
    for name in ("taken", "kept", "skipped"):
        (top / name).write_bytes(EICAR)
    take(store, top / "taken")
    scan = Scan(inner, skip=lambda path: path.endswith("skipped")).run(top)
    assert set(scan.found()) == {"kept"}
    assert not [each.path for each in scan.examined if "quarantine/" in each.path or "databases/" in each.path]


def test_without_databases_it_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no databases"):
        Scan(Home(tmp_path)).run(tmp_path)


@pytest.mark.parametrize("after", [0.0, 0.05, 0.2, 0.4, 0.6, 0.8])
def test_a_scan_may_be_cut_short_at_any_time(home: Home, top: Path, after: float) -> None:
    """Cut it short; whether a descriptor was lost is asked of every test here."""
    for number in range(400):
        (top / f"{number} pipe").write_bytes(EICAR)
        if number % 50 == 0:
            os.mkfifo(top / f"{number} odd")

    async def slow(_: object) -> None:
        await asyncio.sleep(0.005)

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        Scan(home, sink=slow, limit_seconds=after).run(top)
    assert time.monotonic() - start < after + 2


def test_an_error_of_the_taker_ends_the_scan(home: Home, top: Path) -> None:
    for number in range(200):
        (top / str(number)).write_bytes(b"x")

    async def fails(item: Examined | Trouble) -> None:
        if item.path.endswith("7"):
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as caught:
        Scan(home, sink=fails).run(top)
    assert caught.group_contains(ZeroDivisionError)


def test_holds_few_descriptors_however_many_processors(home: Home, top: Path) -> None:
    for number in range(2000):
        (top / str(number)).write_bytes(b"x")
    most = 0

    async def count(_: object) -> None:
        nonlocal most
        most = max(most, sum(line.endswith(tuple("0123456789")) and str(top) in line for line in descriptors()))

    async def inside() -> None:
        scanner = make_scanner(home)
        scanner.size = 8
        async with acting_self() as acting:
            await scanner.scan([str(top)], acting, count, lambda _: False, Progress())
        await scanner.close()

    asyncio.run(inside())
    assert 0 < most <= 256


def test_examines_one_open_file_with_the_settings_of_now(home: Home, top: Path) -> None:
    (top / "eicar").write_bytes(EICAR)

    async def inside() -> None:
        scanner = make_scanner(home)
        descriptor = os.open(top / "eicar", os.O_RDWR)
        try:
            first = await scanner.examine_one(descriptor, "eicar")
            crew = scanner._crew
            assert first.findings
            assert await scanner.examine_one(descriptor, "eicar") == first
            assert scanner._crew is crew
            scanner.way = Way(seconds=5.0)
            assert await scanner.examine_one(descriptor, "eicar") == first
            assert scanner._crew is not crew
            assert len(scanner._crews) == 1
        finally:
            os.close(descriptor)
            await scanner.close()
        assert not scanner._crews

    asyncio.run(inside())


def test_a_scan_under_way_goes_on_with_what_it_began_with(home: Home, top: Path) -> None:
    for number in range(100):
        (top / str(number)).write_bytes(EICAR)
    found = 0

    async def inside() -> None:
        scanner = make_scanner(home)

        async def sink(item: Examined | Trouble) -> None:
            nonlocal found
            assert isinstance(item, Examined)
            found += bool(item.verdict.findings)
            if found == 1:
                scanner.way = Way(seconds=5.0)
                descriptor = os.open(item.path, os.O_RDONLY)
                assert (await scanner.examine_one(descriptor, "eicar")).findings
                os.close(descriptor)
                assert len(scanner._crews) == 2

        async with acting_self() as acting:
            await scanner.scan([str(top)], acting, sink, lambda _: False, Progress())
        assert len(scanner._crews) == 1
        await scanner.close()

    asyncio.run(inside())
    assert found == 100


def _own_workers() -> dict[int, int]:
    """Return the processes that examine for this one, with how nice they are."""
    found = {}
    for server in _children(os.getpid()):
        for worker in _children(server):
            found[worker] = os.getpriority(os.PRIO_PROCESS, worker)
    return found


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text().split()]


def test_a_scan_that_gives_way_has_workers_of_its_own_that_do(home: Home, top: Path) -> None:
    (top / "eicar").write_bytes(EICAR)
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[set[int]] = []

    async def inside() -> None:
        scanner = make_scanner(home)

        async def sink(item: Examined | Trouble) -> None:
            assert isinstance(item, Examined)
            assert item.verdict.findings
            seen.append(set(_own_workers().values()))

        for gives_way in (True, False):
            async with Acting(os.geteuid(), os.getegid(), gives_way=gives_way) as acting:
                assert await acting.run(os.getpriority, os.PRIO_PROCESS, 0) == (19 if gives_way else usual)
                await scanner.scan([str(top)], acting, sink, lambda _: False, Progress())
        await scanner.close()

    asyncio.run(inside())
    assert seen == [{19}, {usual}]


def test_a_scan_may_have_a_way_of_its_own(home: Home, top: Path) -> None:
    with zipfile.ZipFile(top / "archive.zip", "w") as archive:
        archive.writestr("eicar", EICAR)
    found: list[int] = []

    async def inside() -> None:
        scanner = make_scanner(home)

        async def sink(item: Examined | Trouble) -> None:
            assert isinstance(item, Examined)
            found.append(len(item.verdict.findings))

        async with acting_self() as acting:
            for way in (Way(Limits(archives=0)), None):
                await scanner.scan([str(top)], acting, sink, lambda _: False, Progress(), is_complete=True, way=way)
        await scanner.close()

    asyncio.run(inside())
    assert found == [0, 1]
