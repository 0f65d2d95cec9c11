"""Data on vulnerabilities, kept for the software updater: OSV's dumps (a zip of JSON) and Debian's tracker (JSON)."""

import json
import shutil
from pathlib import Path
from typing import Any

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, Feed, OneFile
from garrison.abilities.databases.feeds.unpacking import files_in
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust

_DUMP_BYTES = 1024 * MIB
_ENTRY_BYTES = 192 * MIB  # Debian's tracker is one of 70 MB
_MOST_PARTS = 4_000_000  # of one entry, each of which takes a hundred bytes; the tracker has a million
_NAME = "dump"


class Vulnerabilities(OneFile):
    """What is known to be wrong with which version of what."""

    compiles = False
    name = _NAME
    most_bytes = _DUMP_BYTES

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # every kind is asked so
        """Keep the file as it is, when all in it is JSON."""
        path = came.folder / _NAME
        entries = 0
        try:
            for _, file in files_in(path, _ENTRY_BYTES):
                entries += isinstance(_parsed(file.read(), came.feed), dict)
        except (ValueError, RecursionError) as error:
            raise Invalid("{title} is damaged: something in it is no JSON.", title=came.feed.title) from error
        if not entries:
            raise Invalid("{title} holds no entry.", "Is the address right?", title=came.feed.title)
        shutil.copyfile(path, to / _NAME)
        return Accepted(about={"entries": str(entries)})


def _parsed(content: bytes, feed: Feed) -> Any:
    """Return a value in JSON. Raises Invalid when it would take too much memory, ValueError, RecursionError."""
    if content.count(b"[") + content.count(b"{") > _MOST_PARTS or content.count(b",") > 4 * _MOST_PARTS:
        raise Invalid("{title} cannot be used: it has too many parts.", title=feed.title)
    return json.loads(content)
