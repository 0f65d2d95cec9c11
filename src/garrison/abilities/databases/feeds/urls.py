"""Lists of addresses and domains, kept for the protections of the web.

URLhaus, OpenPhish and PhishTank (an address a line, or CSV), hosts files, filters in adblock's syntax, and ClamAV's
.pdb, .wdb and .gdb.
"""

import re
from pathlib import Path

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, Feed, File, Kind
from garrison.abilities.databases.feeds.unpacking import files_in
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust

_LIST_BYTES = 512 * MIB
_NAME = "list"
_ADDRESS = re.compile(
    rb"(?:https?://|\|\||[HRXYMS]\d?:)\S|(?:^|[\s,\"])(?:[a-z0-9_-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}\b"
)


class Urls(Kind):
    """Addresses."""

    compiles = False

    def first(self, feed: Feed, kept: Path) -> tuple[File, ...]:  # noqa: ARG002 # every kind is asked so
        """Return the one file there is."""
        return (File(feed.address, _NAME, _LIST_BYTES),)

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # likewise
        """Keep the lists as they are, when there is an address in them at all."""
        lines = 0
        for number, (_, content) in enumerate(files_in(came.folder / _NAME, _LIST_BYTES), 1):
            if b"\0" in content or not _ADDRESS.search(content.lower()):
                continue
            lines += content.count(b"\n") + 1
            (to / f"{number:03}.txt").write_bytes(content)
        if not lines:
            raise Invalid(f"{came.feed.title} holds no address in any line.", "Is the address right?")
        return Accepted(about={"lines": str(lines)})
