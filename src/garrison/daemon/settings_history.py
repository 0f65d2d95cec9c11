"""The history of the settings: who changed what, when, and what it was before, so that it can be undone; snapshots.

Both lie beside the settings, and like them hold secrets: only the owner can read the files, and nothing shows them.
"""

import contextlib
import logging
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import Invalid, NotFound, Refused, Unavailable
from garrison.base.files import explain, read_json, write_json
from garrison.daemon.settings_book import Proposal, Stored

log = logging.getLogger(__name__)
_VERSION = 1
_MOST_ENTRIES = 200
_MOST_BYTES = 4 * 1024 * 1024  # about; lists can be long
_MOST_SNAPSHOTS = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,40}")
_SUFFIX = ".snapshot.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One change. how: what was done ("changed", "imported", "undone", ...). undone: it was taken back since.

    before, after: what the settings file held of the components that were changed; {} of one: nothing.
    """

    id: int
    at: str
    uid: int
    how: str
    before: Stored
    after: Stored
    undone: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All settings as they once were."""

    name: str
    at: str
    uid: int
    stored: Stored


class History:
    """The last changes, oldest first. It is written before the settings are: what a kill left of it undoes nothing."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Read it; one that is damaged is begun anew."""
        self._file = folder / "history.json"
        self._clock = clock
        self.entries = self._read()

    def _read(self) -> list[Entry]:
        try:
            content = read_json(self._file)
            return [_entry(plain) for plain in content["entries"]]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.warning("the history of the settings cannot be read: %s", error)
            return []

    def add(self, uid: int, how: str, proposal: Proposal, was: Stored) -> Entry:
        """Write down what is about to be changed; was: what the settings file holds. Raises what writing raises."""
        names = proposal.after
        entry = Entry(
            id=self.entries[-1].id + 1 if self.entries else 1,
            at=self._clock.now().isoformat(timespec="seconds"),
            uid=uid,
            how=how,
            before={name: was.get(name, {}) for name in names},
            after={name: proposal.stored.get(name, {}) for name in names},
        )
        self._keep([*self.entries, entry])
        return entry

    def drop(self, entry: Entry) -> None:
        """Forget a change that came to nothing."""
        self._keep([each for each in self.entries if each.id != entry.id])

    def last(self) -> Entry:
        """Return the last change that was not undone. Raises NotFound."""
        for entry in reversed(self.entries):
            if not entry.undone and entry.how != "undone":
                return entry
        raise NotFound("There is no change of settings to undo.", "garrison settings history shows them.")

    def mark_undone(self, entry: Entry) -> None:
        """Note that a change was taken back."""
        self._keep([replace(each, undone=True) if each.id == entry.id else each for each in self.entries])

    def _keep(self, entries: list[Entry]) -> None:
        kept: list[Entry] = []
        room = _MOST_BYTES
        for entry in reversed(entries[-_MOST_ENTRIES:]):
            room -= len(repr((entry.before, entry.after)))
            if kept and room < 0:
                break
            kept.append(entry)
        kept.reverse()
        write_json(self._file, {"version": _VERSION, "entries": [asdict(entry) for entry in kept]})
        self.entries = kept


def undone(stored: Stored, entry: Entry) -> Stored:
    """Return stored settings with a change taken back."""
    kept = {name: values for name, values in stored.items() if name not in entry.before}
    return kept | {name: values for name, values in entry.before.items() if values}


class Snapshots:
    """Settings that were kept under a name."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock

    def all(self) -> list[Snapshot]:
        """Return them, oldest first. One that is damaged is left out."""
        found = []
        for path in self._folder.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(NotFound, Unavailable, Invalid):
                found.append(self.find(path.name.removesuffix(_SUFFIX)))
        return sorted(found, key=lambda snapshot: (snapshot.at, snapshot.name))

    def find(self, untrusted_name: str) -> Snapshot:
        """Return one. Raises Invalid, NotFound, Unavailable."""
        path = self._path(untrusted_name)
        try:
            content = read_json(path)
            version, at, uid, stored = (content[key] for key in ("version", "at", "uid", "components"))
        except FileNotFoundError as error:
            raise NotFound(
                "There is no snapshot “{name}”.", "garrison settings snapshots lists them.", name=untrusted_name
            ) from error
        except OSError as error:
            raise explain(error, "read {path}", path=path) from error
        except (ValueError, TypeError, KeyError) as error:
            raise Unavailable("The snapshot {path} is damaged.", path=path) from error
        if version != _VERSION or not _is_stored(stored):
            raise Unavailable("The snapshot {path} is damaged, or of a newer Garrison.", path=path)
        return Snapshot(untrusted_name, str(at), int(uid), stored)

    def take(self, untrusted_name: str, uid: int, stored: Stored) -> Snapshot:
        """Keep settings under a name. Raises Invalid, Refused, and what writing raises."""
        path = self._path(untrusted_name)
        if path.exists():
            raise Refused(
                "There is a snapshot “{name}” already.",
                "Give it another name, or: garrison settings forget {name}",
                name=untrusted_name,
            )
        if len(list(self._folder.glob(f"*{_SUFFIX}"))) >= _MOST_SNAPSHOTS:
            raise Refused("There are {count} snapshots already.", "Remove one: garrison settings forget NAME",
                          count=_MOST_SNAPSHOTS)  # fmt: skip
        snapshot = Snapshot(untrusted_name, self._clock.now().isoformat(timespec="seconds"), uid, stored)
        plain = {"version": _VERSION, "at": snapshot.at, "uid": uid, "components": stored}
        write_json(path, plain)
        return snapshot

    def forget(self, untrusted_name: str) -> None:
        """Remove one. Raises Invalid, NotFound, and what removing raises."""
        self.find(untrusted_name)
        path = self._path(untrusted_name)
        try:
            path.unlink()
        except OSError as error:
            raise explain(error, "remove {path}", path=path) from error

    def _path(self, untrusted_name: str) -> Path:
        if not _NAME.fullmatch(untrusted_name):
            raise Invalid("A snapshot's name has up to 41 letters, digits, dots, hyphens and underscores.")
        return self._folder / f"{untrusted_name}{_SUFFIX}"


def _entry(plain: Any) -> Entry:
    entry = Entry(**plain)
    if not (isinstance(entry.id, int) and _is_stored(entry.before) and _is_stored(entry.after)):
        raise ValueError("this is no entry of the history")
    return entry


def _is_stored(untrusted: Any) -> bool:
    return isinstance(untrusted, dict) and all(isinstance(values, dict) for values in untrusted.values())
