"""Tests of the mirror as the component keeps it: a computer takes from a publisher, and serves others."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases, own_rules, sets
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.updating import Updater
from garrison.components.updates.component import Updates, UpdatesSettings
from garrison.components.updates.mirror import MirrorInfo
from garrison.sdk import Caller
from garrison.sdk.testing import Staged, stage
from tests.fetch.fetching import Fetching
from tests.office.publisher.offices import Publishing


class Computer:
    """A computer whose component runs. The publisher is pinned when there is one."""

    def __init__(self, folder: Path, office: Publishing | None, settings: UpdatesSettings) -> None:
        fetching = Fetching(folder)
        clock, home = fetching.fetcher._clock, fetching.home
        databases = Databases(home, clock)
        feeds = FeedBook(databases.folder / "feeds.json")
        self.updater = Updater(databases, fetching.fetcher, Gatherer(databases, fetching.fetcher, clock), feeds, clock)
        self.databases, self.fetching = databases, fetching
        if office is not None:
            self.updater.trust.mkdir(mode=0o700, parents=True)
            (self.updater.trust / "root.json").write_bytes(office.repository.root_content())
        self.staged: Staged[Updates] = stage(
            Updates,
            settings,
            home=home,
            clock=clock,
            databases=databases,
            fetcher=fetching.fetcher,
            updater=self.updater,
        )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.databases.ensure()
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.staged.component.run())
            try:
                yield
            finally:
                task.cancel()

    def issues(self) -> list[str]:
        return [str(issue.text) for issue in self.staged.component.issues() if issue.id == "mirror"]

    async def mirror(self) -> MirrorInfo:
        info = await self.staged.ask("mirror", Caller.myself())
        assert isinstance(info, MirrorInfo)
        return info


@pytest.fixture(autouse=True)
def _few_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]
    monkeypatch.setattr(sets, "own_rules", lambda: few)


@pytest.fixture
def office(tmp_path: Path) -> Publishing:
    office = Publishing(tmp_path / "office")
    office.release([])
    return office


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def until(is_so: object) -> None:
    assert callable(is_so)
    for _ in range(3000):
        if is_so():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it never came to be")


def settings(office: Publishing, port: int) -> UpdatesSettings:
    return UpdatesSettings(automatic=False, sources=[str(office.public)], mirror_port=port, mirror_address="127.0.0.1")


def test_what_one_computer_took_another_takes_from_it(tmp_path: Path, office: Publishing) -> None:
    async def all_of_it() -> None:
        first = Computer(tmp_path / "first", office, settings(office, free_port()))
        async with first.running():
            updated = await first.staged.ask("update", Caller.myself(), sources=[])
            await until(lambda: first.staged.component.mirror().port > 0)
            info = await first.mirror()
            assert (info.is_on, info.problem, first.issues()) == (True, "", [])
            assert f":{info.port}" in str(info.sentences()[1])
            second = Computer(tmp_path / "second", office, UpdatesSettings())
            await second.databases.ensure()
            source = f"http://127.0.0.1:{info.port}"
            took = await second.staged.ask("update", Caller.myself(), sources=[source])
            assert (took.set, took.source) == (updated.set, source)
            assert second.databases.name() == first.databases.name()

    asyncio.run(all_of_it())


def test_a_mirror_that_is_switched_on_later_is_filled_at_once(tmp_path: Path, office: Publishing) -> None:
    async def all_of_it() -> None:
        computer = Computer(tmp_path / "computer", office, settings(office, 0))
        component = computer.staged.component
        async with computer.running():
            await computer.staged.ask("update", Caller.myself(), sources=[])
            info = await computer.mirror()
            assert (info.is_on, info.port, info.files) == (False, 0, 0)
            assert "mirror_port" in str(info.sentences()[0])
            component.settings = settings(office, free_port())
            component.settings_changed()
            await until(lambda: component.mirror().port and component.mirror().files)
            component.settings = settings(office, 0)
            component.settings_changed()
            await until(lambda: not component.mirror().port and not component.mirror().files)

    asyncio.run(all_of_it())


def test_a_taken_port_and_a_missing_publisher_are_issues(tmp_path: Path) -> None:
    async def all_of_it() -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            wanted = UpdatesSettings(automatic=False, mirror_port=port, mirror_address="127.0.0.1")
            computer = Computer(tmp_path / "computer", None, wanted)
            async with computer.running():
                await until(lambda: "taken by another program" in "".join(computer.issues()))
                info = await computer.mirror()
                assert "takes its databases from none" in info.problem
                assert info.port == 0

    asyncio.run(all_of_it())


def test_a_mirror_that_fails_does_not_make_an_update_fail(tmp_path: Path, office: Publishing) -> None:
    async def all_of_it() -> None:
        computer = Computer(tmp_path / "computer", office, settings(office, free_port()))
        await computer.databases.ensure()
        (computer.fetching.home.root / "mirror" / "public").write_bytes(b"in the way")
        updated = await computer.staged.ask("update", Caller.myself(), sources=[])
        assert updated.has_changed
        assert len(computer.issues()) == 1

    asyncio.run(all_of_it())
