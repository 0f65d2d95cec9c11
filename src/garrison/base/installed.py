"""The versions of Garrison that a home holds side by side, which of them is to run, and the last change of version.

HOME/versions/VERSION   a Python environment of its own, complete or not there
HOME/versions/current   a link to the version that is to run, once one has shown that it works
HOME/versions/switch.json   the last change of version, and what came of it
HOME/versions/before    copies of state whose form changes with the version, while it may have to go
"""

import fcntl
import os
import re
import shutil
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from garrison.base.files import explain, read_json, sync_folder, write_json
from garrison.base.paths import Home

FOLDER = "versions"
_CURRENT = "current"
_LOCK = "lock"
_KEPT = "before"
_VERSION = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.(?:0|[1-9][0-9]{0,5})){1,3}")


def version_key(text: str) -> tuple[int, ...]:
    """Return what versions are ordered by. Raises ValueError for a text that is none: numbers with dots between."""
    if not _VERSION.fullmatch(text):
        raise ValueError("no version")
    numbers = [int(number) for number in text.split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


class SwitchState(StrEnum):
    """What became of a change of version. failed: it was never begun, since the new version had not passed its check.

    interrupted: whoever watched over it was ended; the version of before is the one that runs.
    """

    TRYING = "trying"
    WORKS = "works"
    RETURNED = "returned"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Switch:
    """A change of version. at: ISO 8601. why: a sentence, where it did not come about.

    before: the version that ran, python: its interpreter, link: what the link named then ("" for nothing). changes:
    folders of state whose form the new version changes, so that a copy is put back on return. is_lasting: whether a
    suite ran in the background, None until the change begins to end it.
    """

    version: str
    before: str
    python: str
    link: str
    at: str
    changes: tuple[str, ...] = ()
    state: SwitchState = SwitchState.TRYING
    why: str = ""
    is_lasting: bool | None = None


_NAMES = {each.name for each in fields(Switch)}


class Installed:
    """The versions in a home."""

    def __init__(self, home: Home) -> None:
        self.folder = home.root / FOLDER

    def python(self, version: str) -> Path:
        """Return a version's interpreter."""
        return self.folder / version / "bin" / "python"

    def linked(self) -> str:
        """Return the version that the link names; "" when none is there that is certainly ours."""
        try:
            version = os.readlink(self.folder / _CURRENT)
            version_key(version)
            are_ours = _is_ours(self.folder) and _is_ours(self.folder / version)
        except (OSError, ValueError):
            return ""
        return version if are_ours and os.access(self.python(version), os.X_OK) else ""

    def link(self, version: str) -> None:
        """Have a version run from now on, "" for none of these; atomically.

        Raises what `explain` makes of an OSError.
        """
        fresh = self.folder / f".{_CURRENT}.new"
        try:
            fresh.unlink(missing_ok=True)
            if version:
                fresh.symlink_to(version)
                fresh.replace(self.folder / _CURRENT)
            else:
                (self.folder / _CURRENT).unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise explain(error, "change {path}", path=self.folder / _CURRENT) from error

    def all(self) -> list[str]:
        """Return the versions that are here, the newest first."""
        found = []
        with suppress(OSError):
            for path in self.folder.iterdir():
                with suppress(ValueError):
                    found.append((version_key(path.name), path.name))
        return [name for _, name in sorted(found, reverse=True)]

    def last_switch(self) -> Switch | None:
        """Return the last change of version, None when none is known."""
        try:
            plain: Any = read_json(self.folder / "switch.json")
            if not isinstance(plain, dict):
                return None
            known = {name: plain[name] for name in _NAMES & plain.keys()}  # an older or newer version may have written
            return Switch(**{**known, "changes": tuple(plain["changes"]), "state": SwitchState(plain["state"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def note(self, switch: Switch) -> None:
        """Write a change of version down. Raises what `explain` makes of an OSError."""
        write_json(self.folder / "switch.json", asdict(switch))

    def lock(self) -> int | None:
        """Return the descriptor that stands for the right to change the version; None while another holds it.

        It is given back when it is closed, or whoever holds it ends. Raises what `explain` makes of an OSError.
        """
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
            descriptor = os.open(self.folder / _LOCK, flags, 0o600)
        except OSError as error:
            raise explain(error, "open {path}", path=self.folder / _LOCK) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_switching(self) -> bool:
        """Return whether somebody changes the version just now, or still watches over it."""
        try:
            descriptor = os.open(self.folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    def keep(self, home: Path, names: Iterable[str]) -> None:
        """Keep copies of parts of a home's state, each whole or not at all. Raises OSError."""
        self.forget_kept()
        kept = self.folder / _KEPT
        kept.mkdir(mode=0o700)
        for name in names:
            shutil.copytree(home / name, kept / f"{name}.new", symlinks=True)
            (kept / f"{name}.new").rename(kept / name)

    def put_back(self, home: Path, names: Iterable[str]) -> None:
        """Put the copies that are there in the place of what they were made from. Raises OSError."""
        for name in names:
            kept, place = self.folder / _KEPT / name, home / name
            if kept.is_dir():
                aside = kept.with_name(f"{name}.gone")
                if place.exists():
                    place.rename(aside)
                kept.rename(place)
                shutil.rmtree(aside, ignore_errors=True)

    def forget_kept(self) -> None:
        """Remove the copies."""
        shutil.rmtree(self.folder / _KEPT, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    """Return whether a folder, not a link to one, is of this account, and nobody else may write in it."""
    about = folder.lstat()
    return stat.S_ISDIR(about.st_mode) and about.st_uid == os.geteuid() and not about.st_mode & 0o022
