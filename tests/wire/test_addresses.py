"""Addresses of what can be fetched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.wire.addresses import is_own_network, is_public, parse_address


@pytest.mark.parametrize(
    ("text", "scheme", "host", "whole"),
    [
        ("https://Feeds.Example/a?b=c#d", "https", "feeds.example", "https://feeds.example/a?b=c"),
        ("http://anna:p%40ss@feeds.example:8080/", "http", "feeds.example", "http://feeds.example:8080/"),
        ("http://[::1]:80/x", "http", "::1", "http://[::1]:80/x"),
        ("http://bücher.example/", "http", "xn--bcher-kva.example", "http://xn--bcher-kva.example/"),
        ("/media/stick/a b", "file", "", "/media/stick/a b"),
        ("file:///media/stick/a%20b", "file", "", "/media/stick/a b"),
        ("file://localhost/x", "file", "", "/x"),
    ],
)
def test_addresses_are_taken_apart(text: str, scheme: str, host: str, whole: str) -> None:
    address = parse_address(text)
    assert (address.scheme, address.host, address.text) == (scheme, host, whole)


def test_a_sign_in_is_no_part_of_the_text() -> None:
    address = parse_address("http://anna:p%40ss@feeds.example/")
    assert (address.user, address.password) == ("anna", "p@ss")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "feeds",
        "ftp://a.example/",
        "http://",
        "http:///x",
        "http://a.example:99999/",
        "http://a b/",
        "http://a.example/\r\nHost: b",
        "file://server/share",
        "file:relative",
        "file:///a%00b",
        "http://[::1",
        "x" * 5000,
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_address(text)


def test_no_sentence_holds_a_password() -> None:
    for text in ("ftp://anna:secret@a.example/", "http://anna:secret@[::1", "http://anna:secret@/x"):
        with pytest.raises(Invalid) as refused:
            parse_address(text)
        assert "secret" not in refused.value.text


@given(st.text(max_size=60) | st.text(max_size=40).map("http://".__add__) | st.text(max_size=40).map("file://".__add__))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except Invalid:
        return
    assert address.is_file or address.host
    assert "\n" not in address.text or text.startswith(("/", "file:"))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.0.0.1",
        "10.1.2.3",
        "192.168.1.1",
        "172.16.0.1",
        "169.254.1.1",
        "100.64.0.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
        "printer",
        "nas.local",
        "224.0.0.1",
    ],
)
def test_the_own_network_is_known(host: str) -> None:
    assert is_own_network(host)


@pytest.mark.parametrize("host", ["feeds.example", "8.8.8.8", "2606:4700::1111"])
def test_the_rest_of_the_world_is_not_ours(host: str) -> None:
    assert not is_own_network(host)


def test_a_private_address_in_an_address_of_the_next_version_is_private() -> None:
    assert not is_public("2002:7f00:1::")
    assert is_public("2002:808:808::")
