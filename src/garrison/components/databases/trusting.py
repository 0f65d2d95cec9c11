"""Trusting a publisher of databases: its root is fetched or given, compared by a person, and pinned."""

import asyncio
import hmac
from dataclasses import dataclass
from pathlib import Path

from garrison import sdk
from garrison.abilities.databases import publications
from garrison.abilities.fetching import Fetcher, Wanted
from garrison.base.errors import Failed, NotFound, Refused
from garrison.base.files import explain
from garrison.base.text import printable

_MOST_BYTES = 512 * 1024
_SERVED = ("", "/public")  # a publisher's folder, or what it serves of it
_ROOTS = ("root.json", "1.root.json")
_NAME = "root"


class PublisherTrusted(sdk.Event):
    """Databases are taken from a publisher from now on."""

    says = "The databases of {address} are trusted, by the root {fingerprint}"
    severity = sdk.Severity.IMPORTANT
    address: sdk.UntrustedText
    fingerprint: str
    uid: int


class TrustResult(sdk.Result):
    """Whom the suite trusts now."""

    says = "You trust {address}, by the root {fingerprint}. The databases come with the next update: garrison update"
    address: sdk.UntrustedText
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Root:
    """A root that holds by its own keys, and what people compare of it."""

    content: bytes
    fingerprint: str


async def find_root(fetcher: Fetcher, address: str, file: Path | None) -> Root:
    """Return the root of a publisher, from a file or from where it serves. Raises NotFound, Invalid, Failed."""
    content = await asyncio.to_thread(_read, file) if file is not None else await _fetched(fetcher, address)
    return Root(content, await asyncio.to_thread(publications.check_root, content))


def compare(root: Root, told: str) -> None:
    """Make sure that somebody compared the root with what its publisher tells. Raises Refused."""
    given = "".join(told.split()).lower()
    if not given:
        raise Refused(
            "The publisher's root has the fingerprint {fingerprint}.",
            'Compare it with what the publisher tells you, then say so: --fingerprint "{fingerprint}"; '
            "or give its root file: --root FILE",
            fingerprint=root.fingerprint,
        )
    if not hmac.compare_digest(given.encode(), root.fingerprint.replace(" ", "").encode()):
        raise Refused(
            "That is not the publisher's fingerprint: its root has {fingerprint}.",
            "Ask the publisher. If it is right what it told you, somebody serves you something else.",
            fingerprint=root.fingerprint,
        )


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
    except OSError as error:
        raise explain(error, "read {path}", path=printable(str(file))) from error
    if len(content) > _MOST_BYTES:
        raise Failed("{file} is too large to be a root.", file=printable(str(file)))
    return content


async def _fetched(fetcher: Fetcher, address: str) -> bytes:
    base = address.rstrip("/")
    wanted = [Wanted(f"{base}{served}/metadata/{root}", f"{_NAME}{at}{root}", _MOST_BYTES)
              for at, served in enumerate(_SERVED) for root in _ROOTS]  # fmt: skip
    with fetcher.spool() as spool:
        got = await fetcher.get(
            wanted, spool, component=publications.COMPONENT, purpose=publications.PURPOSE, by_hand=True
        )
        came = next((each for each in got if each.path is not None), None)
        if came is None or came.path is None:
            raise NotFound(f"{printable(address)} has no databases to be trusted: {got[0].failure}".rstrip())
        return await asyncio.to_thread(came.path.read_bytes)
