"""Signatures in ClamAV's formats as plain files: one of them, or several in a zip or tar."""

import re
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, OneFile
from garrison.abilities.databases.feeds.unpacking import files_in, lines_of
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust
from garrison.engine.signatures.sources import READERS, ending

_ARCHIVE_BYTES = 512 * MIB
_LIST_BYTES = 512 * MIB
_NAME = "signatures"
_LINE = re.compile(rb"[A-Za-z0-9{][^\s<>:;]*[:;]\S")
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class Signatures(OneFile):
    """Signatures a line, as in .ndb, .ldb, .hsb and their like; the end of a file's name tells which."""

    compiles = True
    name = _NAME
    most_bytes = _ARCHIVE_BYTES

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # every kind is asked so
        """Take the files of signatures out, each under a name of its own."""
        count = lines = 0
        for inner, content in files_in(came.folder / _NAME, _LIST_BYTES):
            name = PurePosixPath(came.feed.address if inner == _NAME else inner).name.removesuffix(".gz")
            if ending(name) not in READERS:
                continue
            kept = to / f"{count:04}-{_NO_NAME.sub('_', name)[-100:]}"
            found = _keep(content, kept)
            lines += found
            if found:
                count += 1
            else:
                kept.unlink()
        if not count:
            raise Invalid(
                "{title} holds no signatures of ClamAV's formats.", "Is the address right?", title=came.feed.title
            )
        return Accepted(about={"files": str(count), "lines": str(lines)})


def _keep(content: BinaryIO, path: Path) -> int:
    """Write a file; return how many of its lines look like signatures."""
    with path.open("wb") as out:
        return sum(bool(out.write(line + b"\n") and _LINE.match(line)) for line in lines_of(content))
