"""An office with a mirror: a computer takes from the publisher, others take from it, and trust it nothing."""

import asyncio
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tuf.api.metadata import Metadata

from garrison.abilities.databases import mirroring
from garrison.abilities.databases.building import check_folder, name_of
from garrison.abilities.databases.mirroring import Mirror, Mirrored
from garrison.abilities.databases.publications import Taken
from garrison.base.errors import Failed, GarrisonError, Unavailable
from garrison.base.paths import Home
from garrison.engine.hashes import ANY_SIZE
from tests.abilities.databases.tables import Row, changed, rows
from tests.fetch.repositories import Client
from tests.fetch.servers import Server
from tests.fetch.test_trusting import serve
from tests.mirror.mirrors import Running
from tests.office.publisher.offices import Publishing, take_from

ROWS = [row for row in rows(random.Random(1), 1000) if row[1] != ANY_SIZE]
LATER = [
    "2026-11-25T06:00:00+00:00",
    "2026-11-26T06:00:00+00:00",
    "2026-11-27T06:00:00+00:00",
]


def changed_rows(day: int = 0) -> list[Row]:
    return [row for row in changed(random.Random(day), ROWS, 0.005) if row[1] != ANY_SIZE]


class Computer(Client):
    """A computer that takes databases, and mirrors them if it is told to."""

    def __init__(self, folder: Path, office: Publishing) -> None:
        super().__init__(folder, office)
        self.mirror = Mirror(Home(folder / "home"), self.fetching.fetcher, self.trust)
        self.current: Path | None = None

    def take(self, *sources: str | Path) -> Taken:
        taken = take_from(self, *sources, current=self.current)
        if taken.is_new:
            self.current = taken.folder.rename(taken.folder.with_name(taken.name))
        return taken

    def follow(self, *sources: str | Path) -> Mirrored:
        return asyncio.run(self.mirror.follow([str(source) for source in sources], by_hand=True))

    def targets(self) -> dict[str, Path]:
        folder = self.mirror.public / "targets"
        return {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a publisher, and the computer with the mirror, which took the first set from the publisher itself."""
    folder = tmp_path_factory.mktemp("once")
    office = Publishing(folder / "office")
    office.release(ROWS)
    computer = Computer(folder / "first", office)
    with Server(closes=False) as server:
        serve(server, office.public)
        computer.take(server.url(""))
        computer.follow(server.url(""))
    return folder


@pytest.fixture
def office(tmp_path: Path, once: Path) -> Publishing:
    copy(once / "office", tmp_path / "office")
    return Publishing(tmp_path / "office")


@pytest.fixture
def first(tmp_path: Path, once: Path, office: Publishing) -> Computer:
    computer = Computer(tmp_path / "first", office)
    copy(once / "first", tmp_path / "first")
    (computer.current,) = (path.parent for path in (tmp_path / "first").glob("*/set.json"))
    return computer


def copy(source: Path, target: Path) -> None:
    """Copy a folder; what are two names of one file there are it here too."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


@pytest.fixture
def second(tmp_path: Path, office: Publishing) -> Computer:
    return Computer(tmp_path / "second", office)


@pytest.fixture
def mirror(first: Computer) -> Iterator[Running]:
    with Running(first.mirror.public) as running:
        assert running.problem is None
        yield running


def served(public: Path) -> dict[str, bytes]:
    return {str(path.relative_to(public)): path.read_bytes() for path in public.rglob("*") if path.is_file()}


def check_whole(public: Path) -> None:
    """Hold that everything is there that whoever asks now is led to, from the timestamp down to each file."""
    folder = public / "metadata"
    timestamp: Metadata[Any] = Metadata.from_bytes((folder / "timestamp.json").read_bytes())
    content = (folder / f"{timestamp.signed.snapshot_meta.version}.snapshot.json").read_bytes()
    timestamp.signed.snapshot_meta.verify_length_and_hashes(content)
    snapshot: Metadata[Any] = Metadata.from_bytes(content)
    about = snapshot.signed.meta["targets.json"]
    content = (folder / f"{about.version}.targets.json").read_bytes()
    about.verify_length_and_hashes(content)
    targets: Metadata[Any] = Metadata.from_bytes(content)
    assert targets.signed.targets
    for name, target in targets.signed.targets.items():
        path = public / "targets" / name
        with path.with_name(f"{target.hashes['sha256']}.{path.name}").open("rb") as file:
            target.verify_length_and_hashes(file)


class TestTakingFromAMirror:
    def test_a_computer_takes_the_same_set_from_another_one_while_the_publisher_is_gone(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running
    ) -> None:
        shutil.rmtree(office.public)
        taken = second.take(mirror.url())
        assert first.current is not None
        assert (taken.name, taken.source) == (first.current.name, mirror.url())
        assert name_of(taken.folder.with_name(taken.name)) == taken.name
        check_folder(taken.folder.with_name(taken.name))

    def test_updates_come_from_a_mirror_too(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running
    ) -> None:
        second.take(mirror.url())
        outcome = office.release(changed_rows(), LATER[0])
        assert first.take(office.public).is_delta
        first.follow(office.public)
        shutil.rmtree(office.public)
        taken = second.take(mirror.url())
        assert (taken.is_delta, taken.name) == (True, outcome.name)
        assert taken.transferred < outcome.update_bytes + 20_000

    def test_a_mirror_of_a_mirror_serves_the_same(
        self, first: Computer, second: Computer, mirror: Running, tmp_path: Path, office: Publishing
    ) -> None:
        second.take(mirror.url())
        second.follow(mirror.url())
        assert served(second.mirror.public) == served(first.mirror.public)
        third = Computer(tmp_path / "third", office)
        with Running(second.mirror.public) as other:
            assert third.take(other.url()).name == second.take(mirror.url()).name

    def test_new_keys_of_the_publisher_are_followed_through_a_mirror(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running
    ) -> None:
        second.take(mirror.url())
        for role in ("timestamp", "root"):
            office.repository.rotate(role)
        outcome = office.release(changed_rows(), LATER[0])
        first.take(office.public)
        first.follow(office.public)
        assert second.take(mirror.url()).name == outcome.name
        newest = office.repository.root_content()
        assert (first.mirror.public / "metadata" / "root.json").read_bytes() == newest

    def test_a_broken_download_goes_on_at_the_mirror(self, first: Computer, mirror: Running) -> None:
        name, path = max(first.targets().items(), key=lambda entry: entry[1].stat().st_size)
        _, headers, body = mirror.ask(f"/targets/{name}")
        assert body == path.read_bytes()
        middle = len(body) // 2
        status, _, rest = mirror.ask(f"/targets/{name}", Range=f"bytes={middle}-", If_Range=headers["etag"])
        assert (status, body[:middle] + rest) == (206, body)


class TestWhatAMirrorCannotDo:
    def test_an_altered_file_is_refused_and_the_next_source_serves(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running
    ) -> None:
        for path in first.targets().values():
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 1
            path.write_bytes(content)
        with pytest.raises(Failed, match="not those that were signed"):
            second.take(mirror.url())
        assert second.current is None
        taken = second.take(mirror.url(), office.public)
        assert taken.source == str(office.public)
        assert "not those that were signed" in (taken.failures or {})[mirror.url()]

    @pytest.mark.parametrize("role", ["timestamp.json", "1.snapshot.json", "1.targets.json"])
    def test_altered_signatures_are_refused(
        self, first: Computer, second: Computer, mirror: Running, role: str
    ) -> None:
        kind = role.removesuffix(".json").split(".")[-1]
        (path,) = (path for path in (first.mirror.public / "metadata").glob(f"*{kind}.json"))
        path.write_bytes(path.read_bytes().replace(b'"version":', b'"version": 1', 1))
        with pytest.raises(GarrisonError):
            second.take(mirror.url())
        assert second.current is None

    def test_a_mirror_that_stays_behind_is_refused_as_older(
        self, office: Publishing, second: Computer, mirror: Running
    ) -> None:
        office.release(changed_rows(), LATER[0])
        newest = second.take(office.public)
        with pytest.raises(Failed, match="older databases than it had before"):
            second.take(mirror.url())
        assert second.current is not None
        assert second.current.name == newest.name

    def test_a_mirror_that_stands_still_is_noticed_when_the_timestamp_expires(
        self, second: Computer, mirror: Running
    ) -> None:
        second.take(mirror.url())
        second.at(days=8)
        with pytest.raises(Failed, match="expired"):
            second.take(mirror.url())

    def test_a_mirror_of_another_publisher_is_refused(self, tmp_path: Path, mirror: Running) -> None:
        stranger = Computer(tmp_path / "stranger", Publishing(tmp_path / "other"))
        with pytest.raises(GarrisonError):
            stranger.take(mirror.url())


class TestFollowing:
    def test_it_is_the_publishers_repository_byte_for_byte(self, office: Publishing, first: Computer) -> None:
        theirs, ours = served(office.public), served(first.mirror.public)
        named = {name for name in theirs if not name.startswith("metadata/1.") or name.endswith("root.json")}
        assert {name: theirs[name] for name in named} == ours
        assert first.mirror.is_current()

    def test_everybody_who_holds_the_folder_may_read_it_and_nobody_gets_there(self, first: Computer) -> None:
        assert first.mirror.public.parent.stat().st_mode & 0o777 == 0o700
        for path in (first.mirror.public, *first.mirror.public.rglob("*")):
            assert path.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644)
            assert path.stat().st_uid == os.geteuid()

    def test_what_is_there_is_not_fetched_again(self, office: Publishing, first: Computer) -> None:
        again = first.follow(office.public)
        assert again.transferred == 0
        with Server(closes=False) as server:
            office.release(changed_rows(), LATER[0])
            serve(server, office.public)
            first.take(server.url(""))
            server.asked.clear()
            first.follow(server.url(""))
            asked = {name.rpartition("/")[2] for name in server.targets() if name.startswith("/targets/")}
        same = {path.name for path in office.public.rglob("*.zst") if path.stat().st_nlink > 1}
        assert same
        assert not asked & same, "an unchanged file of the next set is here under the name of the last"

    def test_what_is_no_longer_listed_stays_for_a_round(self, office: Publishing, first: Computer) -> None:
        before = served(first.mirror.public)
        for day, built in enumerate(LATER[:2]):
            office.release(changed_rows(day), built)
            first.take(office.public)
            first.follow(office.public)
            gone = set(before) - set(served(first.mirror.public))
            assert bool(gone) == (day == 1)
        assert all(name.startswith(("targets/", "metadata/")) for name in gone)
        first.follow(office.public)
        targets = office.repository.signed("targets").targets
        assert {path.stat().st_size for path in first.targets().values()} == {each.length for each in targets.values()}
        assert len(first.targets()) == len(targets)

    def test_what_was_damaged_here_is_fetched_anew(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running
    ) -> None:
        name, path = max(first.targets().items(), key=lambda entry: entry[1].stat().st_size)
        path.write_bytes(bytes(path.stat().st_size))
        (first.mirror.public / "targets" / "rubbish").write_bytes(b"of somebody else")
        assert first.follow(office.public).transferred >= 0
        assert name in first.targets()
        assert "rubbish" not in first.targets()
        second.take(mirror.url())

    def test_something_newer_that_came_meanwhile_is_served_whole(self, office: Publishing, first: Computer) -> None:
        office.release(changed_rows(0), LATER[0])
        first.take(office.public)
        office.release(changed_rows(1), LATER[1])
        first.follow(office.public)
        assert first.mirror.is_current()
        listed = office.repository.signed("targets")
        assert first.mirror.served() == Mirrored(
            listed.version, len(listed.targets), sum(each.length for each in listed.targets.values())
        )

    def test_without_a_source_what_was_served_still_is(self, office: Publishing, first: Computer) -> None:
        before = served(first.mirror.public)
        office.release(changed_rows(), LATER[0])
        first.take(office.public)
        with pytest.raises(GarrisonError):
            first.follow(office.folder / "nothing")
        assert not first.mirror.is_current()
        now = served(first.mirror.public)
        assert {name: now[name] for name in before} == before

    def test_without_room_what_was_served_still_is(
        self, office: Publishing, first: Computer, second: Computer, mirror: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        office.release(changed_rows(), LATER[0])
        first.take(office.public)
        monkeypatch.setattr(mirroring, "_ROOM_BYTES", 1 << 60)
        with pytest.raises(Unavailable, match="no room for the mirror"):
            first.follow(office.public)
        monkeypatch.undo()
        second.take(mirror.url())

    @pytest.mark.parametrize("call", ["replace", "fsync"])
    def test_a_full_disk_leaves_a_whole_repository_at_every_step(
        self,
        office: Publishing,
        first: Computer,
        monkeypatch: pytest.MonkeyPatch,
        call: str,
    ) -> None:
        office.release(changed_rows(), LATER[0])
        first.take(office.public)
        real = getattr(os, call)
        for number in range(40):
            left = iter(range(3 if call == "replace" else 3 * number))  # each try comes a little further

            def full(*arguments: object, left: Iterator[int] = left, **more: object) -> object:
                if ("mirror" in str(arguments) or call == "fsync") and next(left, None) is None:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return real(*arguments, **more)

            monkeypatch.setattr(os, call, full)
            try:
                first.follow(office.public)
                is_done = True
            except GarrisonError:
                is_done = False
            finally:
                monkeypatch.undo()
            check_whole(first.mirror.public)
            if is_done:
                break
        assert is_done
        assert number > 3

    def test_nothing_is_served_of_what_is_not_whole(self, first: Computer, office: Publishing) -> None:
        before = served(first.mirror.public)
        office.release(changed_rows(), LATER[0])
        first.take(office.public)
        (first.trust / "metadata" / "snapshot.json").write_bytes(b"{}")
        with pytest.raises(Failed, match="not whole"):
            first.follow(office.public)
        assert served(first.mirror.public) == before

    def test_a_mirror_that_is_no_longer_wanted_frees_the_disk(self, first: Computer) -> None:
        first.mirror.remove()
        assert not first.mirror.public.exists()
        assert first.mirror.served() is None
        assert not first.mirror.is_current()


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from garrison.abilities.databases import mirroring
from garrison.abilities.databases.mirroring import Mirror
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.sdk.testing import START

home, trust, source, steps = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
left = iter(range(steps))
real = os.replace
def replace(*paths):
    if "mirror" in str(paths) and next(left, None) is None:
        os.kill(os.getpid(), signal.SIGKILL)
    real(*paths)
mirroring.os.replace = replace
fetcher = Fetcher(Home(home), FakeClock(START), Outgoing(lambda _: True))
asyncio.run(Mirror(Home(home), fetcher, trust).follow([source], by_hand=True))
"""


def test_a_kill_at_any_step_leaves_a_whole_repository(
    office: Publishing, first: Computer, second: Computer, mirror: Running
) -> None:
    office.release(changed_rows(), LATER[0])
    first.take(office.public)
    home = first.trust.parent / "home"
    codes: list[int] = []
    while 0 not in codes and len(codes) < 40:  # each try comes two steps further
        command = [sys.executable, "-c", KILLED, str(home), str(first.trust), str(office.public), "2"]
        ended = subprocess.run(command, check=False, timeout=120, capture_output=True)
        check_whole(first.mirror.public)
        codes.append(ended.returncode)
    assert ended.returncode == 0, ended.stderr
    assert set(codes[:-1]) == {-signal.SIGKILL}
    assert len(codes) > 3
    assert first.mirror.is_current()
    assert second.take(mirror.url()).is_new
