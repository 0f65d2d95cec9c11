import pytest

from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.base.errors import Invalid
from garrison.components.databases.naming import id_of, kind_of
from garrison.components.databases.results import FeedKind


def test_the_kinds_to_choose_from_are_those_there_are() -> None:
    assert {kind.value for kind in FeedKind} == set(KINDS)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("https://mirror.example/a/daily.cvd", "clamav"),
        ("/media/stick/main.CLD", "clamav"),
        ("https://rules.example/all.yar?x=1.zip", "yara"),
        ("http://lists.example/phish.ndb", "signatures"),
        ("file:///srv/own.ldb", "signatures"),
        ("/srv/bad.sha256", "hashes"),
    ],
)
def test_the_end_of_an_address_tells_what_it_brings(address: str, kind: str) -> None:
    assert kind_of(address).value == kind


@pytest.mark.parametrize("address", ["https://a.example/", "/srv/list.txt", "https://a.example/x.csv", "/srv/x.zip"])
def test_what_it_does_not_tell_is_to_be_said(address: str) -> None:
    with pytest.raises(Invalid, match="does not tell"):
        kind_of(address)


def test_a_feed_is_called_after_its_address_and_like_no_other() -> None:
    assert id_of("https://www.lists.example/a/Phish%20All.ndb", {}) == "lists-example-phish-20all"
    assert id_of("/media/stick/own.ldb", {"own", "own-2"}) == "own-3"
    assert id_of("/§§§", {}) == "feed"
    assert len(id_of(f"https://{'a' * 60}.example/{'b' * 60}", {})) <= 40
