"""The sets of signatures on disk: read-only folders named by their digest, with one atomic `current` link."""

import asyncio
import hashlib
import os
import shutil
from importlib import resources
from pathlib import Path

from garrison import __version__
from garrison.abilities.databases.building import FolderSink, descriptors_of, is_openable, name_of
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, read_json, sync_folder, write_atomically
from garrison.base.paths import Home
from garrison.engine.set_files import SET, check_set, size_of_set
from garrison.engine.signatures.build import build

_VERSION = 1
_SEEN = "built-from"
_CHECKED_BYTES = 64 * 1024 * 1024  # a larger set is not read to its end at every start


def own_rules() -> list[tuple[str, str]]:
    """Return our own rules: (name of the file, text)."""
    folder = resources.files("garrison.engine").joinpath("rules")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yar")), key=lambda file: file.name)
    return [(file.name, file.read_text("utf-8")) for file in files]


class Databases:
    """Knows which set is in use."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._folder = home.folder("databases", _VERSION)
        self._clock = clock

    @property
    def folder(self) -> Path:
        """Where the sets lie, so that walks leave them out."""
        return self._folder

    def current(self) -> Path:
        """Return the set in use. Raises Unavailable when there is none."""
        link = self._folder / "current"
        if not link.is_dir():
            raise Unavailable("There are no databases yet.", "Restart Garrison to build them: garrison restart")
        return link.resolve()

    def name(self) -> str:
        """Return what the set in use is called, "" when there is none."""
        try:
            return self.current().name
        except Unavailable:
            return ""

    def describe(self) -> dict[str, object]:
        """Return what the set in use says of itself: counts, and when it was built by which version."""
        try:
            described: dict[str, object] = read_json(self.current() / SET)
        except (OSError, ValueError) as error:
            raise Failed("The databases are damaged.", "Restart Garrison to build them anew.") from error
        return described

    async def ensure(self) -> None:
        """Build the set from our own rules unless it is there, whole, and made from these very rules."""
        await asyncio.to_thread(self._ensure)

    def _ensure(self) -> None:
        rules = own_rules()
        wanted = hashlib.sha256(repr((__version__, rules)).encode()).hexdigest()
        is_whole = self._is_whole()
        if not is_whole or self._built_from() != wanted:
            self._build(rules, self.name() if is_whole else "")
            write_atomically(self._folder / _SEEN, wanted.encode("ascii"))

    def _is_whole(self) -> bool:
        """Return whether the set in use is there, and as it was built; of a large one only the sizes are compared."""
        try:
            current = self.current()
            if name_of(current) != current.name:
                return False
            with descriptors_of(current) as files:
                if size_of_set(files) > _CHECKED_BYTES:
                    return is_openable(current)
                check_set(files)
        except (OSError, Unavailable, Failed):
            return False
        return True

    def _built_from(self) -> str:
        try:
            return (self._folder / _SEEN).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _build(self, rules: list[tuple[str, str]], kept: str) -> None:
        for cut_short in self._folder.glob(".new-*"):
            shutil.rmtree(cut_short, ignore_errors=True)
        fresh = self._folder / f".new-{os.getpid()}"
        try:
            fresh.mkdir(mode=0o700)
            info = {"garrison": __version__, "built": self._clock.now().isoformat(timespec="seconds")}
            report = build([(name, text.encode()) for name, text in rules], FolderSink(fresh), info)
            if report.skipped:
                raise Failed(f"Our own rules were not all understood: {report.skipped}")
            self._switch(fresh, name_of(fresh), kept)
        except OSError as error:
            raise explain(error, "build the databases") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _switch(self, fresh: Path, name: str, kept: str) -> None:
        """Put a set in use, atomically. kept: the one before it, which stays for whoever still reads it; or ""."""
        target = self._folder / name
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)
        link = self._folder / ".current.new"
        link.unlink(missing_ok=True)
        link.symlink_to(name)
        link.replace(self._folder / "current")
        sync_folder(self._folder)
        for old in self._folder.iterdir():
            is_set = old.is_dir() and not old.is_symlink() and not old.name.startswith(".")
            if is_set and old.name not in {name, kept}:
                shutil.rmtree(old, ignore_errors=True)
