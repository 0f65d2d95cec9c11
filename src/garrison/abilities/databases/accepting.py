"""What the compiling process does with a feed that came: look at it, and write what it is now."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from garrison.abilities.databases.feeds.feed import Accepted, Came, Feed, File
from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.base.errors import Failed
from garrison.base.files import explain
from garrison.engine.signatures.proofs import Key, Trust


def request_for(came: Came, to: Path, trust: Trust) -> dict[str, Any]:
    """Return the request, as JSON holds it."""
    feed = came.feed
    return {
        "do": "accept",
        "feed": [feed.id, feed.kind, feed.address, feed.title],
        "came": str(came.folder),
        "tried": sorted(came.tried),
        "kept": str(came.kept),
        "to": str(to),
        "trust": {
            "header_key": [str(trust.header_key.modulus), trust.header_key.exponent],
            "pss_key": [str(trust.pss_key.modulus), trust.pss_key.exponent],
            "certificates": [pem.decode("ascii") for pem in trust.certificates],
            "allow_unsigned": trust.allow_unsigned,
        },
    }


def accept(request: dict[str, Any]) -> dict[str, Any]:
    """Do it, and return the answer as JSON holds it. Raises Invalid, and what `explain` makes of an OSError."""
    feed = Feed(*request["feed"])
    came = Came(feed, Path(request["came"]), frozenset(request["tried"]), Path(request["kept"]))
    to = Path(request["to"])
    try:
        to.mkdir(mode=0o700)
        accepted = KINDS[feed.kind].accept(came, to, _trust(request["trust"]))
        digest = _settle(to)
    except OSError as error:
        raise explain(error, "read {title}", title=feed.title) from error
    more = [[file.address, file.name, file.most_bytes, file.is_optional] for file in accepted.more]
    return {"more": more, "about": dict(accepted.about), "digest": digest}


def answered(answer: dict[str, Any]) -> Accepted:
    """Return what the process answered. Raises Failed."""
    try:
        return Accepted(tuple(File(*file) for file in answer["more"]), dict(answer["about"]), str(answer["digest"]))
    except (KeyError, TypeError) as error:
        raise Failed("Reading the feed ended with nonsense.") from error


def _settle(folder: Path) -> str:
    """Have all that was written on the disk before anybody says that it is there. Return its digest. Raises OSError."""
    digest = hashlib.sha256()
    for path in [*sorted(folder.rglob("*")), folder]:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with open(descriptor, "rb") if path.is_file() else _closing(descriptor) as file:
            os.fsync(descriptor)
            digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
            if file is not None:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


@contextmanager
def _closing(descriptor: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(descriptor)


def _trust(plain: dict[str, Any]) -> Trust:
    header, pss = (Key(int(modulus), exponent) for modulus, exponent in (plain["header_key"], plain["pss_key"]))
    certificates = tuple(pem.encode("ascii") for pem in plain["certificates"])
    return Trust(header, pss, certificates, allow_unsigned=plain["allow_unsigned"])
