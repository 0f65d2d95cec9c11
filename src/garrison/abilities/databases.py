"""The sets of signatures on disk: read-only folders named by their digest, with one atomic `current` link."""

import asyncio
import hashlib
import os
import shutil
from importlib import resources
from pathlib import Path

from garrison import __version__
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, read_json, sync_folder, write_atomically
from garrison.base.paths import Home
from garrison.engine.databases import build

_VERSION = 1
_SEEN = "built-from"


class _FolderSink:
    """Writes a set's files into a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """Write one file of the set."""
        write_atomically(self._folder / name, content, mode=0o400)


def name_of(folder: Path) -> str:
    """Return what a set is called: a digest of all its files. Raises OSError."""
    digests = [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in sorted(folder.iterdir())]
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()[:32]


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
            described: dict[str, object] = read_json(self.current() / "set.json")
        except (OSError, ValueError) as error:
            raise Failed("The databases are damaged.", "Restart Garrison to build them anew.") from error
        return described

    async def ensure(self) -> None:
        """Build the set from our own rules unless it is there, whole, and made from these very rules."""
        await asyncio.to_thread(self._ensure)

    def _ensure(self) -> None:
        rules = own_rules()
        wanted = hashlib.sha256(repr((__version__, rules)).encode()).hexdigest()
        if not self._is_whole() or self._built_from() != wanted:
            self._build(rules)
            write_atomically(self._folder / _SEEN, wanted.encode("ascii"))

    def _is_whole(self) -> bool:
        """Return whether the set in use is there and not a bit has changed since it was built."""
        try:
            current = self.current()
            return name_of(current) == current.name
        except (OSError, Unavailable):
            return False

    def _built_from(self) -> str:
        try:
            return (self._folder / _SEEN).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _build(self, rules: list[tuple[str, str]]) -> None:
        for cut_short in self._folder.glob(".new-*"):
            shutil.rmtree(cut_short, ignore_errors=True)
        fresh = self._folder / f".new-{os.getpid()}"
        try:
            fresh.mkdir(mode=0o700)
            sink = _FolderSink(fresh)
            info = {"garrison": __version__, "built": self._clock.now().isoformat(timespec="seconds")}
            report = build(rules, [], sink, about=info)
            if report.skipped:
                raise Failed(f"Our own rules were not all understood: {report.skipped}")
            self._switch(fresh, name_of(fresh))
        except OSError as error:
            raise explain(error, "build the databases") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _switch(self, fresh: Path, name: str) -> None:
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
            if old.is_dir() and not old.is_symlink() and old.name != name and not old.name.startswith("."):
                shutil.rmtree(old, ignore_errors=True)
