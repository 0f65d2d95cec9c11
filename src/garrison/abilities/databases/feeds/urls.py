"""Lists of addresses and domains, kept for the protections of the web.

URLhaus, OpenPhish and PhishTank (an address a line, or CSV), hosts files, filters in adblock's syntax, and ClamAV's
.pdb, .wdb and .gdb.
"""

import re
from pathlib import Path
from typing import BinaryIO

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, OneFile
from garrison.abilities.databases.feeds.unpacking import files_in, lines_of
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust

_LIST_BYTES = 512 * MIB
_NAME = "list"
_ADDRESS = re.compile(  # in a line in small letters
    rb"(?:https?://|\|\||^[hrxyms]\d?:)\S|(?:^|[\s,\"])(?:[a-z0-9_-]{1,63}\.){1,8}[a-z][a-z0-9-]{1,62}\b"
)


class Urls(OneFile):
    """Addresses."""

    compiles = False
    name = _NAME
    most_bytes = _LIST_BYTES

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # every kind is asked so
        """Keep the lists as they are, when there is an address in them at all."""
        lines = 0
        for number, (_, content) in enumerate(files_in(came.folder / _NAME, _LIST_BYTES), 1):
            kept = to / f"{number:03}.txt"
            count = _keep(content, kept)
            lines += count
            if not count:
                kept.unlink()
        if not lines:
            raise Invalid("{title} holds no address in any line.", "Is the address right?", title=came.feed.title)
        return Accepted(about={"lines": str(lines)})


def _keep(content: BinaryIO, path: Path) -> int:
    """Write a list; return how many lines it has, 0 when it is none."""
    count = addresses = 0
    with path.open("wb") as out:
        for line in lines_of(content):
            if b"\0" in line:
                return 0
            out.write(line + b"\n")
            count += 1
            addresses += _ADDRESS.search(line.lower()) is not None
    return count if addresses else 0
