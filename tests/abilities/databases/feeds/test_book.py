import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.defaults import DEFAULTS
from garrison.abilities.databases.feeds.feed import Feed
from garrison.base.errors import Failed, Invalid, NotFound

OWN = Feed("own", "urls", "https://me:secret@lists.example/x", "My list")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feeds.json"


def test_at_first_there_are_ours_and_nothing_is_written(file: Path) -> None:
    assert tuple(FeedBook(file).all()) == DEFAULTS
    assert not file.exists()


def test_what_is_added_is_on_and_kept_for_our_eyes_only(file: Path) -> None:
    FeedBook(file).add(OWN)
    assert FeedBook(file).find("own") == replace(OWN, is_on=True)
    assert FeedBook(file).all() == [*DEFAULTS, replace(OWN, is_on=True)]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_ours_keep_their_licence_and_may_come_from_elsewhere(file: Path) -> None:
    book = FeedBook(file)
    ours = next(feed for feed in DEFAULTS if feed.hosts)
    book.switch(ours.id, is_on=True)
    assert book.find(ours.id) == replace(ours, is_on=True)
    book.add(Feed(ours.id, "urls", "/media/stick/x.zip", "Other", "mine", "none"))
    assert book.find(ours.id) == replace(ours, address="/media/stick/x.zip", is_on=True, hosts=())
    assert book.remove(ours.id).is_on
    assert book.find(ours.id) == ours


def test_own_ones_are_switched_and_removed(file: Path) -> None:
    book = FeedBook(file)
    book.add(OWN)
    assert not book.switch("own", is_on=False).is_on
    assert book.find("own") == OWN
    book.remove("own")
    with pytest.raises(NotFound, match="own"):
        book.find("own")


@pytest.mark.parametrize("name", ["switch", "remove"])
def test_what_is_not_there_is_named(file: Path, name: str) -> None:
    book = FeedBook(file)
    with pytest.raises(NotFound, match="nowhere"):
        book.remove("nowhere") if name == "remove" else book.switch("nowhere", is_on=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": "../x"},
        {"id": "a" * 41},
        {"id": "Ä"},
        {"kind": "music"},
        {"address": "lists"},
        {"address": "ftp://x/y"},
        {"address": ""},
    ],
)
def test_what_is_no_feed_is_refused(file: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        FeedBook(file).add(replace(OWN, **wrong))  # type: ignore[arg-type] # all are texts
    assert not file.exists()


def test_there_is_an_end_of_feeds(file: Path) -> None:
    book = FeedBook(file)
    book.add(OWN)
    entry = json.loads(file.read_text())["feeds"][0]
    file.write_text(json.dumps({"feeds": [entry | {"id": f"own-{number}"} for number in range(200)]}))
    with pytest.raises(Invalid, match="too many"):
        book.add(OWN)


@pytest.mark.parametrize("content", [b"", b"{broken", b"\xff", b"[" * 100_000])
def test_a_damaged_list_is_told_and_not_overwritten(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(Failed, match="cannot be read"):
        FeedBook(file).add(OWN)
    assert file.read_bytes() == content


@pytest.mark.parametrize(
    "content",
    ["[]", "1", '{"feeds": 5}', '{"feeds": {"a": 1}}', '{"feeds": [1, null, {"id": "x"}]}'],
)
def test_entries_that_make_no_sense_are_passed_over(file: Path, content: str) -> None:
    file.write_text(content)
    assert tuple(FeedBook(file).all()) == DEFAULTS


def test_entries_of_other_types_or_kinds_are_passed_over(file: Path) -> None:
    book = FeedBook(file)
    book.add(OWN)
    entry = json.loads(file.read_text())["feeds"][0]
    odd = [entry | {"id": 5}, entry | {"is_on": "yes"}, entry | {"kind": "music", "id": "b"}, entry | {"more": 1}]
    file.write_text(json.dumps({"feeds": [*odd, entry]}))
    assert [feed.id for feed in book.all() if not feed.is_ours] == ["own"]
