"""Where a publisher's signatures come from: files and folders as they lie, and files from the network."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from garrison.abilities.fetching import Fetcher, Got, Wanted
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import read_json, write_json
from garrison.wire.addresses import Address, parse_address

COMPONENT = "publisher"
PURPOSE = "databases"
_MOST_BYTES = 2 * 1024**3
_NAME_CHARS = 16


@dataclass(frozen=True, slots=True)
class Brought:
    """What the feeds brought. paths: files and folders to compile. failures: by feed, why it brought nothing new."""

    paths: list[Path] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)


class Feeds:
    """Fetches feeds into a folder, where each one's last good file stays."""

    def __init__(self, folder: Path, fetcher: Fetcher) -> None:
        self._folder = folder
        self._fetcher = fetcher

    async def gather(self, addresses: Sequence[str]) -> Brought:
        """Return the feeds' files; one that fails keeps none of the others back, and its last good file is taken.

        addresses: paths are absolute. Raises NotFound for a path that is not there, Invalid for an address that is
        none, and Failed when there are feeds, and none of them has ever brought anything.
        """
        brought = Brought()
        for text in dict.fromkeys(addresses):
            address = parse_address(text)
            if address.is_file:
                brought.paths.append(_there(address))
            else:
                await self._fetch(text, address, brought)
        if addresses and not brought.paths:
            raise Failed(" ".join(brought.failures.values()), "What was published before stays.")
        return brought

    async def _fetch(self, text: str, address: Address, brought: Brought) -> None:
        place = self._folder / hashlib.sha256(address.text.encode()).hexdigest()[:_NAME_CHARS]
        path, seen = place / _name(address), _seen(place)
        is_there = path.is_file()
        wanted = Wanted(
            text,
            "feed",
            _MOST_BYTES,
            etag=seen.get("etag", "") if is_there else "",
            modified=seen.get("modified", "") if is_there else "",
        )
        with self._fetcher.spool() as spool:
            [got] = await self._fetcher.get([wanted], spool, component=COMPONENT, purpose=PURPOSE, by_hand=True)
            if got.failure:
                brought.failures[address.text] = got.failure
            elif got.path is not None:
                _take(got, got.path, path)
        if path.is_file():
            brought.paths.append(path)


def _there(address: Address) -> Path:
    path = Path(address.text)
    if not path.exists():
        raise NotFound("There is no file or folder {path}.", path=path)
    return path


def _take(got: Got, fresh: Path, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh.replace(path)
    write_json(path.parent / "seen.state", {"etag": got.etag, "modified": got.modified})


def _seen(place: Path) -> dict[str, Any]:
    try:
        found = read_json(place / "seen.state")
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _name(address: Address) -> str:
    """Return the name of a feed's file: its end says what it is."""
    name = unquote(urlsplit(address.text).path).rpartition("/")[2]
    if not name or name.startswith(".") or not name.isprintable() or len(name) > 100:
        raise Invalid(
            "{why} names no file of signatures.",
            "Its end has to say what it is: .cvd, .hdb, .ndb, .yar, .txt",
            why=address.text,
        )
    return name
