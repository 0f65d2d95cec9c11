from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.feeds.headers import Header, header_for, header_of, keep_header, parse_header
from garrison.base.errors import Invalid

FEED = Feed("abuse", "hashes", "https://lists.example/recent.csv", "A list")
KEY = Header("Auth-Key", "0123-very-secret")


def test_a_header_is_a_line_with_a_name_and_a_value() -> None:
    assert parse_header("Auth-Key: 0123-very-secret\r\n") == KEY
    assert parse_header("Authorization:Bearer a:b") == Header("Authorization", "Bearer a:b")
    assert "secret" not in repr(KEY)


@pytest.mark.parametrize(
    "text",
    ["", "secret", "secret value", ": secret", "Auth-Key:", "Auth Key: secret", "A: secret\nB: c", "A: secret\x00",
     "A: s\u00e9cret", "Host: secret", "If-Range: secret", "Proxy-Authorization: secret", f"A: {'secret' * 1000}"],
)  # fmt: skip
def test_what_is_none_is_refused_and_nothing_of_it_is_shown(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        parse_header(text)
    assert "secret" not in refusal.value.text + refusal.value.hint


def test_it_is_kept_for_the_owner_only_and_goes_to_the_feeds_own_server_only(tmp_path: Path) -> None:
    home = tmp_path / "abuse"
    assert header_for(home, FEED, FEED.address) == ()
    keep_header(home, FEED, KEY)
    assert [path.stat().st_mode & 0o777 for path in (home, *home.iterdir())] == [0o700, 0o600]
    assert header_for(home, FEED, "https://lists.example/other.csv") == ("Auth-Key", "0123-very-secret")
    for other in ("https://cdn.lists.example/a", "http://lists.example/a", "https://elsewhere.example/a", "/srv/a"):
        assert header_for(home, FEED, other) == ()
    moved = replace(FEED, address="https://elsewhere.example/recent.csv")
    assert header_of(home, moved) is None, "another server does not get it"
    (home / "header.json").write_text("{}")
    assert header_of(home, FEED) is None


@pytest.mark.parametrize("address", ["http://lists.example/recent.csv", "/media/stick/recent.csv"])
def test_it_is_not_kept_for_where_everybody_could_read_it_or_nobody_would(tmp_path: Path, address: str) -> None:
    with pytest.raises(Invalid):
        keep_header(tmp_path, replace(FEED, address=address), KEY)
    assert not list(tmp_path.iterdir())
    keep_header(tmp_path, replace(FEED, address="http://127.0.0.1:8000/recent.csv"), KEY)
