"""The request header that a feed's server wants, such as a key of one's own: kept apart from the feed, told to nobody.

It is sent with requests to the very server that the feed's address names, encrypted or in the own network, and with
no others. It is no part of a `Feed`, so that whoever reads what came never has it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from garrison.abilities.databases.feeds.feed import Feed
from garrison.base.errors import Invalid
from garrison.base.files import read_json, write_json
from garrison.wire.addresses import is_own_network, parse_address

_FILE = "header.json"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_VALUE = re.compile(r"[!-~](?:[ -~]{0,4094}[!-~])?")
# What a request says of itself (RFC 9110): whoever changes it changes what is asked for.
_OURS = {"accept", "accept-encoding", "connection", "content-length", "host", "range", "te", "transfer-encoding"}
_OURS_BEGIN = ("if-", "proxy-")


@dataclass(frozen=True, slots=True)
class Header:
    """A header of requests (RFC 9110, 5.1). The value is a secret."""

    name: str
    value: str = field(repr=False)


def parse_header(text: str) -> Header:
    """Take `NAME: VALUE` apart. Raises Invalid, with a sentence that shows nothing of it."""
    name, colon, value = text.strip("\r\n").partition(":")
    found = Header(name.strip(), value.strip(" \t"))
    if not colon or not _NAME.fullmatch(found.name) or not _VALUE.fullmatch(found.value):
        raise Invalid("What was given is no header of requests.", "It is one line: NAME: VALUE")
    if found.name.lower() in _OURS or found.name.lower().startswith(_OURS_BEGIN):
        raise Invalid("The header {name} says how Garrison asks, and cannot be another.", name=found.name)
    return found


def check_safe(address: str) -> None:
    """Make sure that nobody on the way can read a header for this address. Raises Invalid."""
    parsed = parse_address(address)
    if parsed.is_file:
        raise Invalid("A header goes to a server, and the feed is a file of this computer.")
    if parsed.scheme != "https" and not is_own_network(parsed.host):
        raise Invalid(
            "Everybody on the way to that server could read the header.", "Give an address with encryption: https://"
        )


def keep_header(home: Path, feed: Feed, header: Header) -> None:
    """Keep a feed's header in the feed's folder. Raises Invalid, and what `explain` makes of an OSError."""
    check_safe(feed.address)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_json(home / _FILE, {"host": parse_address(feed.address).host, "name": header.name, "value": header.value})


def header_of(home: Path, feed: Feed) -> Header | None:
    """Return the header that is kept of a feed; none when it was kept for another server."""
    try:
        plain = read_json(home / _FILE)
        header = parse_header(f"{plain['name']}: {plain['value']}")
        check_safe(feed.address)
    except (OSError, ValueError, KeyError, TypeError, Invalid):
        return None
    return header if plain["host"] == parse_address(feed.address).host else None


def header_for(home: Path, feed: Feed, address: str) -> tuple[str, ...]:
    """Return name and value of what goes with a request for one of a feed's files, () for nothing."""
    header = header_of(home, feed)
    wanted, own = parse_address(address), parse_address(feed.address)
    if header is None or (wanted.scheme, wanted.host) != (own.scheme, own.host):
        return ()
    return header.name, header.value
