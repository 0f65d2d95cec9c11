from pathlib import Path

from garrison.abilities.databases.feeds.defaults import DEFAULTS
from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.wire.addresses import parse_address


def test_each_tells_what_its_publisher_asks_for_and_is_off() -> None:
    assert len({feed.id for feed in DEFAULTS}) == len(DEFAULTS)
    for feed in DEFAULTS:
        assert all((feed.title, feed.licence, feed.terms, feed.is_ours)), feed.id
        assert not feed.is_on, feed.id


def test_each_is_of_a_kind_that_knows_what_to_ask_for(tmp_path: Path) -> None:
    for feed in DEFAULTS:
        files = KINDS[feed.kind].first(feed, tmp_path / "nothing")
        assert files, feed.id
        assert not any(parse_address(file.address).is_file for file in files), feed.id
