"""The one list of what is left out of scans: by mask of the path, by name of the threat, by hash of the file."""

import fnmatch
import os
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import read_json, write_json
from garrison.base.paths import Home

_VERSION = 1


class By(StrEnum):
    """What an exclusion goes by."""

    MASK = "mask"
    NAME = "name"
    HASH = "hash"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """One entry. applies_to: ids of components, () for all. added: ISO 8601."""

    id: int
    by: By
    value: str
    applies_to: tuple[str, ...] = ()
    note: str = ""
    added: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Exclusions made ready for one scan."""

    skips_path: Callable[[str], bool]
    names: tuple[str, ...]
    hashes: frozenset[str]

    def excludes(self, threat: str, sha256: str) -> bool:
        """Return whether a finding is to be passed over."""
        return sha256 in self.hashes or any(fnmatch.fnmatchcase(threat, name) for name in self.names)


def make_filter(masks: Iterable[str], names: Iterable[str], hashes: Iterable[str]) -> Filter:
    """Return a filter. Raises Invalid for a mask that fits everything or a hash that is none."""
    return Filter(
        _path_matcher([_checked_mask(mask) for mask in masks]), tuple(names), frozenset(map(_checked_hash, hashes))
    )


def _path_matcher(masks: list[str]) -> Callable[[str], bool]:
    if not masks:
        return lambda _: False
    # A mask without a slash goes by the last part of a path, one with a slash by all of it or by a folder in it.
    anchored = [mask if mask[0] in "/*?[" else f"*/{mask}" for mask in masks if "/" in mask]
    whole = [fnmatch.translate(mask.rstrip("/") + below) for mask in anchored for below in ("", "/*")]
    last = [fnmatch.translate(mask) for mask in masks if "/" not in mask]
    by_path = re.compile("|".join(whole) or r"(?!)")
    by_name = re.compile("|".join(last) or r"(?!)")
    return lambda path: bool(by_path.match(path) or by_name.match(os.path.basename(path)))


def _checked_mask(mask: str) -> str:
    if not mask.strip("*?/ "):
        raise Invalid("The mask “{mask}” would leave everything out.", "Example: *.iso or /home/*/cache/*", mask=mask)
    return mask


def _checked_hash(value: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise Invalid(
            "“{value}” is not a SHA-256 hash.", "It has 64 digits 0-9 and a-f: sha256sum FILE prints it.", value=value
        )
    return value.lower()


_CHECKS = {By.MASK: _checked_mask, By.HASH: _checked_hash, By.NAME: _checked_mask}


def _entry(plain: dict[str, Any]) -> Exclusion:
    """Return the entry in JSON. Raises KeyError, TypeError, ValueError or Invalid when it is none."""
    entry = Exclusion(**{**plain, "by": By(plain["by"]), "applies_to": tuple(plain["applies_to"])})
    texts = (entry.value, entry.note, entry.added, *entry.applies_to)
    if type(entry.id) is not int or not all(isinstance(text, str) for text in texts):
        raise TypeError("not an entry")
    _CHECKS[entry.by](entry.value)
    return entry


class Exclusions:
    """The shared list, kept on disk."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._file: Path = home.folder("exclusions", _VERSION) / "list.json"
        self._clock = clock
        self._entries = self._read()

    def _read(self) -> list[Exclusion]:
        try:
            return [_entry(plain) for plain in read_json(self._file)]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError, Invalid) as error:
            # Without its list a scan would act on what the owner had excluded: better not to start.
            raise Failed(
                "The list of exclusions is damaged: {file}.", "Mend the file, or move it away.", file=self._file
            ) from error

    def entries(self) -> list[Exclusion]:
        """Return the list."""
        return list(self._entries)

    def add(self, by: By, value: str, applies_to: tuple[str, ...] = (), note: str = "") -> Exclusion:
        """Add an entry, or return the equal one that is there. Raises Invalid for a value that cannot be."""
        value = _CHECKS[by](value)
        for entry in self._entries:
            if (entry.by, entry.value, entry.applies_to) == (by, value, applies_to):
                return entry
        number = max((entry.id for entry in self._entries), default=0) + 1
        added = self._clock.now().isoformat(timespec="seconds")
        entry = Exclusion(number, by, value, applies_to, note, added)
        self._write([*self._entries, entry])
        return entry

    def remove(self, number: int) -> Exclusion:
        """Take an entry off the list and return it. Raises NotFound."""
        for entry in self._entries:
            if entry.id == number:
                self._write([other for other in self._entries if other is not entry])
                return entry
        raise NotFound("There is no exclusion {number}.", "garrison exclusions list shows them.", number=number)

    def _write(self, entries: list[Exclusion]) -> None:
        write_json(self._file, [asdict(entry) for entry in entries])
        self._entries = entries

    def filter_for(self, component: str, masks: Iterable[str], names: Iterable[str], hashes: Iterable[str]) -> Filter:
        """Return the shared entries that apply to a component, together with some of its own."""
        shared = [entry for entry in self._entries if not entry.applies_to or component in entry.applies_to]
        by = {kind: [entry.value for entry in shared if entry.by is kind] for kind in By}
        return make_filter([*by[By.MASK], *masks], [*by[By.NAME], *names], [*by[By.HASH], *hashes])
