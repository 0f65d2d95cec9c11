"""The list of feeds: those that Garrison knows, and the owner's own."""

import re
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from garrison.abilities.databases.feeds.defaults import DEFAULTS
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import read_json, write_json
from garrison.wire.addresses import parse_address

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MOST_FEEDS = 200
_NOT_KEPT = {"hosts"}  # only ours have some, and they are known
_NAMES = {each.name for each in fields(Feed)} - _NOT_KEPT


class FeedBook:
    """The feeds. file: where they are kept; it appears with the first change."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> list[Feed]:
        """Return every feed, those that come with Garrison first. Raises Failed when the list cannot be read."""
        kept = self._read()
        ours = [_as_kept(feed, kept[feed.id]) if feed.id in kept else feed for feed in DEFAULTS]
        own = [feed for feed in kept.values() if feed.id not in {known.id for known in DEFAULTS}]
        return [*ours, *sorted(own, key=lambda feed: feed.id)]

    def find(self, name: str) -> Feed:
        """Return one. Raises NotFound."""
        for feed in self.all():
            if feed.id == name:
                return feed
        raise NotFound("There is no feed “{name}”.", "garrison databases list shows them.", name=name)

    def add(self, feed: Feed) -> Feed:
        """Add one of the owner's, or give one of ours another address; it is on at once. Raises Invalid."""
        if not _ID.fullmatch(feed.id):
            raise Invalid("A feed cannot be called “{id}”.", "Small letters, digits and dashes.", id=feed.id)
        if feed.kind not in KINDS:
            raise Invalid(
                "There is no kind of feed “{kind}”.", "There are: {kinds}.", kind=feed.kind, kinds=", ".join(KINDS)
            )
        parse_address(feed.address)
        ours = next((known for known in DEFAULTS if known.id == feed.id), None)
        if ours is not None:
            feed = replace(ours, address=feed.address)
        kept = self._read() | {feed.id: replace(feed, is_on=True)}
        if len(kept) > _MOST_FEEDS:
            raise Invalid("There are too many feeds.")
        self._write(kept)
        return kept[feed.id]

    def switch(self, name: str, *, is_on: bool) -> Feed:
        """Switch one on or off. Raises NotFound."""
        feed = replace(self.find(name), is_on=is_on)
        self._write(self._read() | {feed.id: feed})
        return feed

    def remove(self, name: str) -> Feed:
        """Forget one of the owner's; one of ours goes back to what it was, and off. Raises NotFound."""
        feed = self.find(name)
        kept = self._read()
        kept.pop(name, None)
        self._write(kept)
        return feed

    def _read(self) -> dict[str, Feed]:
        try:
            plain: Any = read_json(self._file)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise Failed(
                "The list of feeds cannot be read.", "Look at {file}, or remove it.", file=self._file
            ) from error
        entries = plain.get("feeds", []) if isinstance(plain, dict) else []
        entries = entries if isinstance(entries, list) else []
        feeds = [Feed(**entry) for entry in entries if _is_feed(entry)]
        return {feed.id: feed for feed in feeds if feed.kind in KINDS}

    def _write(self, feeds: dict[str, Feed]) -> None:
        plain = [{name: value for name, value in asdict(feed).items() if name in _NAMES} for feed in feeds.values()]
        write_json(self._file, {"feeds": plain})


def _as_kept(ours: Feed, kept: Feed) -> Feed:
    hosts = ours.hosts if kept.address == ours.address else ()
    return replace(ours, is_on=kept.is_on, address=kept.address, hosts=hosts)


def _is_feed(entry: Any) -> bool:
    """Return whether an entry of the file is one that was written by us."""
    if not isinstance(entry, dict) or entry.keys() != _NAMES:
        return False
    return all(isinstance(value, bool if name.startswith("is_") else str) for name, value in entry.items())
