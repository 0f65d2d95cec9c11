"""What a publisher says of its databases: the target `databases.json`.

    {"format": 1, "set": name, "created": ISO 8601, "checked": ISO 8601, "signatures": n, "machine": "x86_64",
     "garrison": version, "outbreak": bool,
     "files": {name: {"bytes": n, "sha256": hex, "packed": n}},
     "deltas": [{"from": name, "to": name, "files": {name: {"bytes": n, "sha256": hex, "form": form, "packed": n,
      "derivable": bool}}}]}

`files` are the targets sets/SET/NAME.zst, and an update's those deltas/FROM-TO/NAME; a form "same" has none. packed:
bytes that have to be fetched. derivable: whether the file can be compiled from the index of patterns instead, on a
computer of the same kind. The deltas are a chain, the oldest first. created: when the set was compiled; checked:
when its publisher last looked for anything newer.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from garrison.abilities.databases.delta import FORMS, MOST_BYTES, WHOLE, is_derivable
from garrison.base.errors import Failed
from garrison.engine.set_files import SET

LIST: Final = "databases.json"
FORMAT: Final = 1

MOST_LIST_BYTES: Final = 4 * 1024 * 1024
_NAME = re.compile(r"[0-9a-f]{32}")
_FILE = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_FILES = 200
_MOST_DELTAS = 500
_MOST_TEXT = 100


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of a set, and how it comes. bytes, sha256: of the file; packed: bytes to be fetched for it."""

    bytes: int
    sha256: str
    packed: int
    form: str = WHOLE
    derivable: bool = False


def update_prefix(before: str) -> str:
    """Return what the targets of updates of a set begin with."""
    return f"deltas/{before}-"


@dataclass(frozen=True, slots=True)
class Update:
    """How one set becomes the next."""

    before: str
    after: str
    files: Mapping[str, Packed]

    @property
    def packed(self) -> int:
        """Bytes to be fetched."""
        return sum(file.packed for file in self.files.values())

    def target(self, name: str) -> str:
        """Return the target of a file's update."""
        return f"{update_prefix(self.before)}{self.after}/{name}"


@dataclass(frozen=True, slots=True)
class Published:
    """What is published."""

    set: str
    created: str
    checked: str
    signatures: int
    machine: str
    garrison: str
    files: Mapping[str, Packed]
    deltas: tuple[Update, ...] = ()
    outbreak: bool = False

    @property
    def packed(self) -> int:
        """Bytes to be fetched for the whole set."""
        return sum(file.packed for file in self.files.values())

    def target(self, name: str) -> str:
        """Return the target of a whole file."""
        return f"sets/{self.set}/{name}.zst"

    def way_from(self, name: str) -> tuple[Update, ...]:
        """Return the updates that lead from a set to this one, () when there are none."""
        way: list[Update] = []
        wanted = self.set
        for update in reversed(self.deltas):
            if update.after == wanted:
                way.insert(0, update)
                wanted = update.before
                if wanted == name:
                    return tuple(way)
        return ()


def written(published: Published) -> bytes:
    """Return the content of the target."""
    plain = {
        "format": FORMAT,
        **{name: getattr(published, name) for name in _TEXTS},
        "signatures": published.signatures,
        "outbreak": published.outbreak,
        "files": {name: _plain(file) for name, file in sorted(published.files.items())},
        "deltas": [
            {
                "from": update.before,
                "to": update.after,
                "files": {name: _plain(file) for name, file in sorted(update.files.items())},
            }
            for update in published.deltas
        ],
    }
    return (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode("ascii")


_TEXTS = ("set", "created", "checked", "machine", "garrison")


def _plain(file: Packed) -> dict[str, Any]:
    return asdict(file)


def read_published(untrusted: bytes) -> Published:
    """Return what a publisher says. Raises Failed."""
    try:
        plain = json.loads(untrusted)
        if plain["format"] != FORMAT:
            raise Failed("The published databases are for another version of Garrison.", "Upgrade Garrison.")
        texts = {name: _text(plain[name]) for name in _TEXTS}
        deltas = tuple(_update(entry) for entry in plain["deltas"][-_MOST_DELTAS:])
        files = _files(plain["files"])
        published = Published(
            **texts,
            signatures=_count(plain["signatures"], 2**62),
            files=files,
            deltas=deltas,
            outbreak=plain.get("outbreak") is True,
        )
        _matched(published.set, _NAME)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Failed("What the publisher says of its databases is not understood.") from error
    return published


def _update(plain: Any) -> Update:
    return Update(_matched(plain["from"], _NAME), _matched(plain["to"], _NAME), _files(plain["files"]))


def _files(plain: Any) -> dict[str, Packed]:
    files = {_matched(name, _FILE): _packed(name, told) for name, told in plain.items()}
    if SET not in files or len(files) > _MOST_FILES:
        raise ValueError("no such set")
    return files


def _packed(name: str, plain: Any) -> Packed:
    form = plain["form"]
    if form not in FORMS:
        raise ValueError("no such form")
    return Packed(
        _count(plain["bytes"], MOST_BYTES),
        _matched(plain["sha256"], _DIGEST),
        _count(plain["packed"], MOST_BYTES),
        form,
        derivable=plain.get("derivable") is True and is_derivable(name),
    )


def _matched(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("no such name")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT or not value.isprintable():
        raise ValueError("no such text")
    return value


def _count(value: Any, most: int) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise ValueError("no such count")
    return value
