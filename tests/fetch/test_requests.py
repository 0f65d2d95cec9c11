"""Where a server may refer to, and what its refusals mean."""

import pytest

from garrison.fetch.requests import Requester, referred
from garrison.fetch.trouble import Trouble
from garrison.wire.addresses import parse_address
from garrison.wire.fetching import Line, Message
from tests.fetch.servers import Server, redirect, status


def where(asked: str, location: str, *hosts: str) -> str:
    address = parse_address(asked)
    return referred(address, address, location, hosts).text


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        ("/b", "http://feeds.example/b"),
        ("b?c=d", "http://feeds.example/a/b?c=d"),
        ("https://feeds.example/b", "https://feeds.example/b"),
        ("//cdn.feeds.example/b", "http://cdn.feeds.example/b"),
        ("https://feeds.example.:8443/b", "https://feeds.example:8443/b"),
    ],
)
def test_a_place_of_its_own_is_followed(location: str, leads: str) -> None:
    assert where("http://feeds.example/a/file", location) == leads


def test_www_and_the_name_without_it_are_one_host() -> None:
    assert where("http://www.feeds.example/", "http://feeds.example/") == "http://feeds.example/"
    assert where("http://www.feeds.example/", "http://cdn.feeds.example/") == "http://cdn.feeds.example/"


@pytest.mark.parametrize("location", ["http://[broken/", "http://a b/", "javascript:alert(1)", "http://:80/"])
def test_nonsense_is_a_sentence(location: str) -> None:
    with pytest.raises(Trouble, match="refers to an address that is none"):
        where("http://feeds.example/", location)


def test_the_sign_in_stays_with_its_host() -> None:
    asked = parse_address("http://anna:pw@feeds.example/a")
    assert referred(asked, asked, "/b", ()).password == "pw"
    assert referred(asked, asked, "http://eve:x@cdn.feeds.example/", ()).user == ""


def test_a_named_host_that_turns_out_to_be_this_computer_is_not_asked() -> None:
    said: list[Message] = []
    requester = Requester(Line(), said.append)
    with Server({"/file": redirect("/secret")}) as server:
        inner = parse_address(f"http://127.1:{server.port}/secret")
        with pytest.raises(Trouble, match="own network"), requester._request(inner, {}, is_given=False):
            pass
        assert server.asked == []
    requester.close()


def test_a_private_header_goes_to_the_server_that_was_asked_and_to_none_that_it_refers_to() -> None:
    requester = Requester(Line(), lambda _: None)
    with Server({"/there": status(200)}) as other, Server(closes=False) as server:
        for target in (f"http://127.0.0.1:{other.port}/there", "/there"):
            server.answers = {"/file": redirect(target), "/there": status(200)}
            with requester.ask(parse_address(server.url()), {}, (), ("Auth-Key", "secret")) as answer:
                assert answer.status == 200
        assert [asked.headers.get("auth-key") for asked in server.asked] == ["secret"] * 3
        assert [asked.headers.get("auth-key") for asked in other.asked] == [None]
    requester.close()
