"""Lists of digests: MalwareBazaar's exports, and any text or CSV with a digest in its lines.

MalwareBazaar (bazaar.abuse.ch, "Export") names its columns in a comment: `# "first_seen_utc","sha256_hash",...`.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, OneFile
from garrison.abilities.databases.feeds.unpacking import files_in, lines_of
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust

_ARCHIVE_BYTES = 512 * MIB
_LIST_BYTES = 1024 * MIB
_NAME = "list"
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_DIGEST = re.compile(rb"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{32})(?![0-9A-Fa-f])")


class Hashes(OneFile):
    """Digests of files."""

    compiles = True
    name = _NAME
    most_bytes = _ARCHIVE_BYTES

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # every kind is asked so
        """Write a digest and a name for each line that has one."""
        lines = 0
        with (to / f"{came.feed.id}.csv").open("wb") as out:
            for _, content in files_in(came.folder / _NAME, _LIST_BYTES):
                for line in _lines(content, came.feed.id):
                    out.write(line)
                    lines += 1
        if not lines:
            raise Invalid("{title} holds no digest in any line.", "Is the address right?", title=came.feed.title)
        return Accepted(about={"lines": str(lines)})


def _lines(content: BinaryIO, feed: str) -> Iterator[bytes]:
    """Yield lines as the compiler reads them: those that begin with a digest as they are, of others digest and name."""
    name_at = -1
    for line in lines_of(content):
        if line.startswith((b"#", b";", b"//")):
            name_at = _name_column(line, name_at)
            continue
        found = _DIGEST.search(line)
        if found is None:
            continue
        if found.start() == 0:
            yield line + b"\n"
            continue
        digest = max(_DIGEST.findall(line), key=len)
        name = _field(line, name_at) or feed
        yield digest + b"," + _NO_NAME.sub("_", name).encode("ascii") + b"\n"


def _name_column(comment: bytes, before: int) -> int:
    """Return which column holds the name of a threat, as a comment that names the columns says."""
    columns = [field.strip(' "#').lower() for field in comment.decode("utf-8", "replace").split(",")]
    return columns.index("signature") if "signature" in columns else before


def _field(line: bytes, at: int) -> str:
    if at < 0:
        return ""
    try:
        fields = next(csv.reader([line.decode("utf-8", "replace")], skipinitialspace=True))
    except csv.Error:
        return ""
    name = fields[at].strip() if at < len(fields) else ""
    return "" if name.lower() in {"n/a", "null"} else name[:100]
