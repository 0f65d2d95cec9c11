"""Tests of the databases component on a stage: the feeds, the history, what is told of a set."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from garrison import sdk
from garrison.abilities.databases import Databases, compile_sources
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.notes import Notes, SetNote
from garrison.abilities.databases.updating import Updater
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import FakeClock
from garrison.base.errors import Invalid, NotFound, Refused
from garrison.base.paths import Home
from garrison.components.databases.component import DatabasesComponent
from garrison.components.databases.results import FeedAdded, FeedDropped
from garrison.sdk.testing import START, Staged, stage
from tests.abilities.databases.test_building import LINE
from tests.abilities.things import NOBODY


@pytest.fixture
def staged(tmp_path: Path) -> Staged[DatabasesComponent]:
    home, clock = Home(tmp_path / "home"), FakeClock(START)
    databases = Databases(home, clock)
    fetcher = Fetcher(home, clock, Outgoing(lambda _: False))
    book, gatherer = FeedBook(databases.folder / "feeds.json"), Gatherer(databases, fetcher, clock)
    made = stage(
        DatabasesComponent,
        databases=databases,
        compiler=Compiler(databases),
        book=book,
        gatherer=gatherer,
        fetcher=fetcher,
        updater=Updater(databases, fetcher, gatherer, book, clock),
    )
    made.host.results["suite.consent-give"] = None
    return made


def ask(
    staged: Staged[DatabasesComponent], operation: str, caller: sdk.Caller | None = None, **arguments: object
) -> object:
    return asyncio.run(staged.ask(operation, caller, **arguments))


def rows(staged: Staged[DatabasesComponent]) -> dict[str, dict[str, object]]:
    listed = ask(staged, "list")
    assert isinstance(listed, list)
    return {row.id: row.model_dump() for row in listed}


def test_all_feeds_are_off_at_first_and_tell_what_they_ask_for(staged: Staged[DatabasesComponent]) -> None:
    listed = rows(staged)
    assert len(listed) > 5
    assert not any(row["on"] for row in listed.values())
    assert all(row["licence"] and row["terms"] for row in listed.values())


def test_one_of_ours_is_switched_on_only_by_who_agrees_to_its_terms(staged: Staged[DatabasesComponent]) -> None:
    with pytest.raises(Refused, match=r"GPL-2\.0.*Cisco") as refusal:
        ask(staged, "add", address="clamav")
    assert "--agree" in refusal.value.hint
    assert not rows(staged)["clamav"]["on"]
    ask(staged, "add", address="clamav", agree=True)
    assert rows(staged)["clamav"]["on"]
    (event,) = staged.reported
    assert event == FeedAdded(feed="clamav", address="https://database.clamav.net", uid=staged.job.caller.uid)


def test_one_of_ours_can_come_from_elsewhere_under_the_same_terms(staged: Staged[DatabasesComponent]) -> None:
    with pytest.raises(Refused):
        ask(staged, "add", address="/media/stick/clamav", id="clamav")
    ask(staged, "add", address="/media/stick/clamav", id="clamav", agree=True)
    row = rows(staged)["clamav"]
    assert (row["address"], row["kind"], row["licence"]) == ("/media/stick/clamav", "clamav", "GPL-2.0")
    ask(staged, "remove", id="clamav")
    row = rows(staged)["clamav"]
    assert (row["address"], row["on"]) == ("https://database.clamav.net", False)


def test_own_feeds_come_and_go(staged: Staged[DatabasesComponent], tmp_path: Path) -> None:
    ask(staged, "add", address="https://me:secret@lists.example/own.ndb", title="Ours\x1b[31m")
    row = rows(staged)["lists-example-own"]
    assert (row["kind"], row["on"], row["address"]) == ("signatures", True, "https://lists.example/…")
    assert row["title"] == "Ours\\x1b[31m"
    kept = tmp_path / "home" / "databases" / "feeds" / "lists-example-own"
    kept.mkdir(parents=True)
    assert [call.arguments for call in staged.host.calls] == [{"purpose": "updates.databases"}]
    ask(staged, "add", address="/a.ndb", id="other")
    assert len(staged.host.calls) == 1, "what lies on this computer is asked of nobody"
    off = asyncio.run(staged.ask("switch-off", id="other"))
    assert off.next == "The next update leaves it out."
    off = asyncio.run(staged.ask("switch-off", id="lists-example-own"))
    assert "garrison rollback" in off.next, "there is no next update"
    assert not rows(staged)["lists-example-own"]["on"]
    assert kept.exists()
    ask(staged, "add", address="lists-example-own")
    assert rows(staged)["lists-example-own"]["on"]
    ask(staged, "remove", id="lists-example-own")
    assert "lists-example-own" not in rows(staged)
    assert not kept.exists()
    assert [type(event) for event in staged.reported] == [
        FeedAdded,
        FeedAdded,
        *[FeedDropped] * 2,
        FeedAdded,
        FeedDropped,
    ]
    assert "secret" not in str(staged.reported)


def test_a_key_in_an_address_is_shown_nowhere(staged: Staged[DatabasesComponent]) -> None:
    key = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    for address in (
        f"https://lists.example/{key}/own.ndb",
        f"https://lists.example:8443/own.hdb?key={key}",
        f"https://lists.example/{key}.ndb",
    ):
        ask(staged, "add", address=address)
    listed = rows(staged)
    assert {row["address"] for name, row in listed.items() if name.startswith("lists-")} == {
        "https://lists.example/…",
        "https://lists.example:8443/…",
    }
    assert key not in f"{listed} {staged.reported} {staged.host.calls}"
    assert {event.feed for event in staged.reported} == {  # type: ignore[attr-defined]
        "lists-example-own",
        "lists-example-own-2",
        "lists-example",
    }


def test_a_header_is_kept_for_the_feed_and_only_its_name_is_shown(
    staged: Staged[DatabasesComponent], tmp_path: Path
) -> None:
    header = SecretStr("Auth-Key: open sesame")
    ask(staged, "add", address="https://lists.example/own.ndb", header=header)
    assert rows(staged)["lists-example-own"]["details"] == {"header": "Auth-Key"}
    kept = tmp_path / "home" / "databases" / "feeds" / "lists-example-own" / "header.json"
    assert "open sesame" in kept.read_text()
    assert kept.stat().st_mode & 0o077 == 0
    assert "sesame" not in f"{rows(staged)} {staged.reported} {staged.host.calls}"
    for address, why in (("http://lists.example/a.ndb", "on the way"), ("/a.ndb", "a file of this computer")):
        with pytest.raises(Invalid, match=why):
            ask(staged, "add", address=address, header=header)
    with pytest.raises(Invalid, match="no header") as caught:
        ask(staged, "add", address="https://lists.example/b.ndb", header=SecretStr("sesame"))
    assert "sesame" not in f"{caught.value.text} {caught.value.hint}"
    assert [name for name in rows(staged) if name.startswith(("lists-", "a"))] == ["lists-example-own"]
    ask(staged, "remove", id="lists-example-own")
    assert not kept.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        {"address": "https://lists.example/"},
        {"address": "gopher://lists.example/", "kind": "urls"},
        {"address": "https://lists.example/", "kind": "urls", "id": "../etc"},
        {"address": "no-such-feed"},
    ],
)
def test_what_is_no_feed_is_refused(staged: Staged[DatabasesComponent], arguments: dict[str, Any]) -> None:
    before = rows(staged)
    with pytest.raises(Invalid):
        ask(staged, "add", **arguments)
    assert rows(staged) == before


@pytest.mark.parametrize("operation", ["switch-off", "remove"])
def test_a_feed_that_is_not_there_is_named(staged: Staged[DatabasesComponent], operation: str) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        ask(staged, operation, id="nowhere")


@pytest.mark.parametrize(
    ("operation", "arguments"),
    [("add", {"address": "/a.ndb"}), ("switch-off", {"id": "clamav"}), ("remove", {"id": "clamav"})],
)
def test_only_the_owner_changes_feeds(
    staged: Staged[DatabasesComponent], operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(Refused, match="owner"):
        ask(staged, operation, sdk.Caller(NOBODY, NOBODY), **arguments)


def made(folder: Path, name: str, built: str) -> Path:
    source = folder / f"{name}.hdb"
    source.write_text(LINE.replace("Listed", name))
    compile_sources([source], folder / name, {"built": built})
    return folder / name


def in_use(staged: Staged[DatabasesComponent], tmp_path: Path, notes: list[SetNote]) -> None:
    """Have a set in use, and these notes of how it came. A test without a worker: adopting is tested elsewhere."""
    home = tmp_path / "home" / "databases"
    made(tmp_path, "One", "2026-01-05T06:00:00+00:00").rename(home / "set-one")
    (home / "current").symlink_to("set-one")
    for note in notes:
        Notes(home / "history.json").add(note)


def note(source: str, counts: dict[str, int], transferred: int, name: str = "set-one") -> SetNote:
    return SetNote(name, "", source, sum(counts.values()), "2026-01-05T07:00:00+00:00", transferred, counts)


def test_a_set_in_use_is_told_with_its_source_age_and_size(staged: Staged[DatabasesComponent], tmp_path: Path) -> None:
    came = note("a mirror", {"hashes": 1}, 70)
    in_use(staged, tmp_path, [came, note("other", {"hashes": 3}, 9, "set-two"), note("rollback", {"hashes": 1}, 0)])
    info = asyncio.run(staged.ask("info"))
    assert (info.created, info.age_hours) == ("2026-01-05T06:00:00+00:00", 6.0)
    assert (info.source, info.transferred_bytes, info.signatures) == ("a mirror", 70, 1)
    assert len(info.set) == 32


def test_of_a_set_given_by_folder_only_what_is_in_it_is_told(
    staged: Staged[DatabasesComponent], tmp_path: Path
) -> None:
    info = asyncio.run(staged.ask("info", folder=str(made(tmp_path, "Two", "whenever"))))
    assert (info.created, info.age_hours, info.source, info.transferred_bytes) == ("whenever", None, "", None)
    assert info.set != info.name == "Two"


def test_the_history_tells_what_changed(staged: Staged[DatabasesComponent], tmp_path: Path) -> None:
    in_use(staged, tmp_path, [note("one", {"a": 5, "b": 2}, 1), note("two", {"a": 4, "c": 1500}, 2)])
    last, first = asyncio.run(staged.ask("history"))
    assert (first.change, first.details) == ("", {"a": 5, "b": 2})
    assert (last.source, last.change, last.details) == ("two", "+1,497", {"a": -1, "b": -2, "c": 1500})
