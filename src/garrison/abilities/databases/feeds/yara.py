"""Collections of YARA rules: a zip, a tar or one file of rules."""

import re
from pathlib import Path

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, OneFile
from garrison.abilities.databases.feeds.unpacking import files_in
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust

_ARCHIVE_BYTES = 256 * MIB
_RULES_BYTES = 64 * MIB
_NAME = "rules"
_RULE = re.compile(rb"^[ \t]*(?:(?:private|global)[ \t]+){0,2}rule[ \t]+[A-Za-z_]", re.MULTILINE)
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")


class Yara(OneFile):
    """Rules in text."""

    compiles = True
    name = _NAME
    most_bytes = _ARCHIVE_BYTES

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:  # noqa: ARG002 # every kind is asked so
        """Take the files of rules out, each under a name of its own that tells its place."""
        count = 0
        path = came.folder / _NAME
        for name, file in files_in(path, _RULES_BYTES):
            if name != _NAME and not name.lower().endswith((".yar", ".yara")):
                continue
            content = file.read()
            if _RULE.search(content):
                count += 1
                (to / f"{count:04}-{_plain(name)}.yar").write_bytes(content)
        if not count:
            raise Invalid("{title} holds no YARA rules.", "Is the address right?", title=came.feed.title)
        return Accepted(about={"files": str(count)})


def _plain(name: str) -> str:
    stem = name.rpartition(".")[0] or name
    return _NO_NAME.sub("_", stem.replace("/", "-"))[-100:]
