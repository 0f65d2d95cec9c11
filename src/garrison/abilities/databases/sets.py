"""The sets of signatures on disk: read-only folders named by their digest, and links that say which is in use."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any

from garrison import __version__
from garrison.abilities.databases.building import (
    NAME_CHARS,
    FolderSink,
    check_folder,
    descriptors_of,
    is_openable,
    name_of,
)
from garrison.abilities.databases.notes import Notes, SetNote
from garrison.abilities.databases.proving import prove
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError, NotFound, Unavailable
from garrison.base.files import explain, read_json, sweep, sync_folder, write_atomically
from garrison.base.paths import Home
from garrison.base.text import printable
from garrison.engine.set_files import SET, check_set, size_of_set
from garrison.engine.signatures.build import build

_VERSION = 1
_SEEN = "built-from"
_CURRENT, _PREVIOUS, _BUILT_IN = "current", "previous", "built-in"
_CHECKED_BYTES = 64 * 1024 * 1024  # a larger set is not read to its end at every start


def own_rules() -> list[tuple[str, str]]:
    """Return our own rules: (name of the file, text)."""
    folder = resources.files("garrison.engine").joinpath("rules")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yar")), key=lambda file: file.name)
    return [(file.name, file.read_text("utf-8")) for file in files]


class Databases:
    """Knows which set is in use, which came before it, and the one that is built in.

    Three links name the sets: `current`, `previous` and `built-in`; whatever no link names is removed. Each is replaced
    atomically, so that at every moment one complete set is in use.
    """

    def __init__(self, home: Home, clock: Clock) -> None:
        self._folder = home.folder("databases", _VERSION)
        self._clock = clock
        self._notes = Notes(self._folder / "history.json")
        self._changing = asyncio.Lock()
        self.before_switch: list[Callable[[], Awaitable[None]]] = []  # before memory is needed for another set
        self.on_switch: list[Callable[[Path], Awaitable[None]]] = []

    @property
    def folder(self) -> Path:
        """Where the sets lie, so that walks leave them out."""
        return self._folder

    def current(self) -> Path:
        """Return the set in use. Raises Unavailable when there is none."""
        link = self._folder / _CURRENT
        if not link.is_dir():
            raise Unavailable("There are no databases yet.", "Restart Garrison to build them: garrison restart")
        return link.resolve()

    def name(self) -> str:
        """Return what the set in use is called, "" when there is none."""
        try:
            return self.current().name
        except Unavailable:
            return ""

    def describe(self) -> dict[str, Any]:
        """Return what the set in use says of itself: counts, and when it was built by which version."""
        return described(self.current())

    def history(self) -> list[SetNote]:
        """Return the sets that were taken into use, the last one first."""
        return self._notes.all()

    def held_until(self) -> datetime | None:
        """Return until when the set in use is to stay, None when it may change."""
        until = self._notes.held_until()
        return until if until is not None and until > self._clock.now() else None

    def hold(self, until: datetime | None) -> None:
        """Have the set in use stay until then; None to let it change again."""
        self._notes.hold(until)

    async def ensure(self) -> None:
        """Build the built-in set unless it is there, whole, and made from our rules of now; have one set in use."""
        await asyncio.to_thread(self._ensure)

    async def adopt(self, folder: Path, source: str, transferred: int = 0) -> str:
        """Take a complete set into use, and return its name. The folder, on the disk of the sets, is used up.

        source: for people. transferred: bytes that it took to get it. The set is read to its end, has to find the test
        file, and must not find anything in files that are known to be clean. Raises Failed with what is wrong; the set
        in use then stays, and so does it when the computer stops at any moment.
        """
        try:
            await asyncio.to_thread(check_folder, folder)
            await self._prove(folder)
            async with self._changing:
                name = await asyncio.to_thread(self._move_in, folder)
                await self._use(name, source, transferred)
        except OSError as error:
            raise explain(error, "take the databases into use") from error
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return name

    async def roll_back(self, name: str = "") -> str:
        """Return to the set before this one, or to one that is named; "built-in" is the one that came with Garrison.

        Raises NotFound, Failed.
        """
        async with self._changing:
            target = self._kept(name)
            await self._prove(target)
            await self._use(target.name, "rollback", 0)
        return target.name

    async def _prove(self, folder: Path) -> None:
        for make_room in self.before_switch:
            await make_room()
        await prove(folder)

    def _kept(self, name: str) -> Path:
        link = self._folder / (name or _PREVIOUS)
        sets = {path.name: path for path in self._sets()}
        target = link.resolve() if name in {"", _BUILT_IN} and link.is_dir() else sets.get(name)
        if target is None or target == self.current():
            raise NotFound(
                f"There are no databases {printable(name)}." if name else "There are no databases before these.",
                "garrison databases history shows which there were; the last, and those built in, are kept.",
            )
        return target

    async def _use(self, name: str, source: str, transferred: int) -> None:
        """Put a set that lies in its place in use, have the scanner follow, and forget what nobody needs any more.

        The note comes first, so that whatever is in use has one. Raises Failed, OSError; then all is as before.
        """
        note = self._note(name, source, transferred)
        self._notes.add(note)
        try:
            await asyncio.to_thread(self._switch, name, self.name())
        except OSError:
            with suppress(GarrisonError):
                self._notes.take_back(note)
            raise
        for follow in self.on_switch:
            await follow(self._folder / name)
        await asyncio.to_thread(self._forget)

    def _note(self, name: str, source: str, transferred: int) -> SetNote:
        plain = described(self._folder / name)
        return SetNote(
            name=name,
            created=str(plain["about"].get("built", "")),
            source=source,
            signatures=sum(plain.get("counts", {}).values()),
            adopted_at=self._clock.now().isoformat(timespec="seconds"),
            transferred_bytes=transferred,
            counts=dict(plain.get("counts", {})),
        )

    def _move_in(self, folder: Path) -> str:
        name = name_of(folder)
        target = self._folder / name
        if target.exists() and not is_openable(target):
            shutil.rmtree(target)
        if not target.exists():
            folder.chmod(0o700)
            folder.rename(target)
            sync_folder(self._folder)
        return name

    def _ensure(self) -> None:
        self._sweep()
        rules = own_rules()
        wanted = hashlib.sha256(repr((__version__, rules)).encode()).hexdigest()
        if self._built_from() != wanted or not self._is_whole(_BUILT_IN):
            self._build(rules)
            write_atomically(self._folder / _SEEN, wanted.encode("ascii"))
        is_whole = self._is_whole(_CURRENT)
        if not is_whole or self._is_outdated():
            built_in = (self._folder / _BUILT_IN).resolve().name
            self._notes.add(self._note(built_in, _BUILT_IN, 0))
            self._switch(built_in, self.name() if is_whole else "")
        self._forget()

    def _sweep(self) -> None:
        """Remove what a kill left half made. Nobody may be at it: whoever makes sets ends with the suite."""
        sweep(self._folder)
        for link in self._folder.glob(".*.new"):
            if link.is_symlink():
                link.unlink(missing_ok=True)
        for pattern in (".new-*", ".*.new", ".compiled/.*.new"):
            for cut_short in self._folder.glob(pattern):
                shutil.rmtree(cut_short, ignore_errors=True)

    def _is_outdated(self) -> bool:
        """Return whether the set in use is an older one of those built in, which nobody chose."""
        name = self.name()
        if name == (self._folder / _BUILT_IN).resolve().name:
            return False
        note = next((note for note in self._notes.all() if note.name == name), None)
        source = note.source if note is not None else described(self.current())["about"].get("source")
        return bool(source == _BUILT_IN)

    def _is_whole(self, link: str) -> bool:
        """Return whether a set is there, and as it was built; of a large one only the sizes are compared."""
        try:
            folder = (self._folder / link).resolve()
            if name_of(folder) != folder.name:
                return False
            with descriptors_of(folder) as files:
                if size_of_set(files) > _CHECKED_BYTES:
                    return is_openable(folder)
                check_set(files)
                return True
        except (OSError, Failed):
            return False

    def _built_from(self) -> str:
        try:
            return (self._folder / _SEEN).read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def _build(self, rules: list[tuple[str, str]]) -> None:
        fresh = self._folder / f".new-{os.getpid()}"
        try:
            fresh.mkdir(mode=0o700)
            now = self._clock.now().isoformat(timespec="seconds")
            info = {"garrison": __version__, "built": now, "source": _BUILT_IN}
            report = build([(name, text.encode()) for name, text in rules], FolderSink(fresh), info)
            if report.skipped:
                raise Failed("Our own rules were not all understood: {skipped}", skipped=report.skipped)
            self._link(_BUILT_IN, self._move_in(fresh))
        except OSError as error:
            raise explain(error, "build the databases") from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _switch(self, name: str, before: str) -> None:
        """Put a set in use, atomically. before: the one that was, "" when it is of no use."""
        if name == before:
            return
        if before:
            self._link(_PREVIOUS, before)
        self._link(_CURRENT, name)

    def _link(self, link: str, name: str) -> None:
        fresh = self._folder / f".{link}.new"
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(name)
        fresh.replace(self._folder / link)
        sync_folder(self._folder)

    def _sets(self) -> list[Path]:
        entries = self._folder.iterdir()
        return [path for path in entries if len(path.name) == NAME_CHARS and path.is_dir() and not path.is_symlink()]

    def _forget(self) -> None:
        """Remove the sets that no link names."""
        kept = {(self._folder / link).resolve().name for link in (_CURRENT, _PREVIOUS, _BUILT_IN)}
        for old in self._sets():
            if old.name not in kept:
                shutil.rmtree(old, ignore_errors=True)


def described(folder: Path) -> dict[str, Any]:
    """Return what a set says of itself. Raises Failed."""
    try:
        plain: dict[str, Any] = read_json(folder / SET)
    except (OSError, ValueError) as error:
        raise Failed("The databases are damaged.", "Restart Garrison to build them anew.") from error
    return plain
