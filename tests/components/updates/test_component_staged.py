"""Tests of the updates component on a stage, with real databases, feeds and the fetching process."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases import Databases, own_rules, sets, updating
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.updating import Updater
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import FakeClock
from garrison.base.errors import NotFound, Refused, Unavailable
from garrison.base.paths import Home
from garrison.components.updates.component import Updates, UpdatesSettings
from garrison.components.updates.results import DatabasesUpdated, RolledBack, UpdateFailed
from garrison.sdk import Caller
from garrison.sdk.testing import START, Staged, stage
from tests.abilities.things import NOBODY

RULE = 'rule Hello { strings: $a = "hello, world" condition: $a }'


class Office:
    """A computer with one feed: a file of rules in a folder."""

    def __init__(self, folder: Path, settings: UpdatesSettings) -> None:
        home = Home(folder / "home")
        self.clock = FakeClock(START)
        self.databases = Databases(home, self.clock)
        asyncio.run(self.databases.ensure())
        fetcher = Fetcher(home, self.clock, Outgoing(lambda _: False))
        self.feeds = FeedBook(self.databases.folder / "feeds.json")
        self.file = folder / "rules.yar"
        self.file.write_text(RULE)
        gatherer = Gatherer(self.databases, fetcher, self.clock)
        updater = Updater(self.databases, fetcher, gatherer, self.feeds, self.clock)
        self.staged: Staged[Updates] = stage(
            Updates, settings, home=home, clock=self.clock, databases=self.databases, fetcher=fetcher, updater=updater
        )

    def add_feed(self) -> None:
        self.feeds.add(Feed("rules", "yara", str(self.file), "Rules of the office"))

    def issues(self) -> dict[str, str]:
        return {issue.id: issue.severity for issue in self.staged.component.issues()}


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]
    monkeypatch.setattr(sets, "own_rules", lambda: few)
    monkeypatch.setattr(updating, "own_rules", lambda: few)
    return Office(tmp_path.resolve(), UpdatesSettings())


def ask(office: Office, operation: str, caller: Caller | None = None, **arguments: object) -> Any:
    return asyncio.run(office.staged.ask(operation, caller or Caller.myself(), **arguments))


def test_without_a_source_it_says_what_to_do(office: Office) -> None:
    with pytest.raises(Unavailable, match="nothing to update from"):
        ask(office, "update", sources=[])
    with pytest.raises(Unavailable, match="No publisher of databases is trusted"):
        ask(office, "update", sources=["/media/stick"])


def test_an_update_takes_what_is_new_once(office: Office) -> None:
    office.add_feed()
    before = office.databases.name()
    first = ask(office, "update", sources=[])
    assert (first.has_changed, first.source, first.signatures) == (True, "rules", 2)
    assert office.databases.name() == first.set != before
    again = ask(office, "check")
    assert (again.has_changed, again.set) == (False, first.set)
    (report,) = office.staged.host.reports
    assert isinstance(report.event, DatabasesUpdated)
    assert [call.operation for call in office.staged.host.calls] == ["quarantine.rescan"]


def test_a_feed_that_changes_is_compiled_anew(office: Office) -> None:
    office.add_feed()
    first = ask(office, "update", sources=[])
    office.file.write_text(RULE + RULE.replace("Hello", "Other"))
    office.clock.advance(timedelta(hours=2))
    second = ask(office, "check")
    assert (second.has_changed, second.signatures) == (True, 3)
    assert office.databases.history()[0].name == second.set != first.set


def test_what_fails_is_told_once_and_stays_an_issue_until_it_works(office: Office) -> None:
    office.add_feed()
    ask(office, "update", sources=[])
    office.file.write_text("no rules at all")
    for _ in range(2):
        office.clock.advance(timedelta(hours=2))
        with pytest.raises(Unavailable, match="no YARA rules"):
            ask(office, "check")
    failed = [report for report in office.staged.host.reports if isinstance(report.event, UpdateFailed)]
    assert len(failed) == 1
    assert office.issues() == {"failing": "important"}
    office.file.write_text(RULE)
    ask(office, "check")
    assert office.issues() == {}


def test_databases_grow_old(office: Office) -> None:
    assert office.issues() == {}, "what is built in has no source that could be asked"
    office.add_feed()
    ask(office, "update", sources=[])
    office.clock.advance(timedelta(days=1, hours=1))
    assert office.issues() == {"old": "important"}
    office.clock.advance(timedelta(days=6))
    assert office.issues() == {"old": "critical"}


def test_it_goes_back_and_stays_there(office: Office) -> None:
    office.add_feed()
    before = office.databases.name()
    updated = ask(office, "update", sources=[])
    back = ask(office, "rollback", stay_hours=24)
    assert back.set == before == office.databases.name()
    assert isinstance(office.staged.host.reports[-1].event, RolledBack)
    held = ask(office, "check")
    assert held.held_until == back.stays_until != ""
    assert "stay as they are" in str(held.sentences()[0])
    assert office.databases.name() == before
    office.clock.advance(timedelta(hours=25))
    assert ask(office, "check").has_changed
    assert office.databases.history()[0].signatures == updated.signatures == 2
    with pytest.raises(NotFound):
        ask(office, "rollback", to="nothing-like-it")


def test_a_full_disk_is_seen_before(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.add_feed()
    monkeypatch.setattr(updating, "_ROOM_BYTES", 1 << 60)
    assert office.issues()["disk"] == "important"
    with pytest.raises(Unavailable, match="no room for new databases"):
        ask(office, "update", sources=[])


def test_only_the_owner_changes_databases(office: Office) -> None:
    asked: list[tuple[str, dict[str, Any]]] = [("update", {"sources": []}), ("check", {}), ("rollback", {})]
    for operation, arguments in asked:
        with pytest.raises(Refused):
            ask(office, operation, Caller(NOBODY, NOBODY), **arguments)


def test_settings_decide_how_requests_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]
    monkeypatch.setattr(sets, "own_rules", lambda: few)
    settings = UpdatesSettings(
        metered=True, kib_per_second=8, seconds=30, proxy="http://proxy:3128", proxy_user="me", proxy_password="word"
    )
    line = Office(tmp_path.resolve(), settings).staged.component._fetcher.line
    assert (line.is_metered, line.bytes_per_second, line.seconds) == (True, 8192, 30.0)
    assert line.proxy is not None
    assert (line.proxy.address, line.proxy.user, line.proxy.password) == ("http://proxy:3128", "me", "word")
