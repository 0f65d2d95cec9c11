"""The sets of signatures on disk: read-only folders named by their digest, with one atomic `current` link."""

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import resources
from pathlib import Path
from typing import BinaryIO

from garrison import __version__
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Invalid, NotFound, Unavailable
from garrison.base.files import explain, read_json, sync_folder, write_atomically
from garrison.base.paths import Home
from garrison.engine.set_files import SET, check_set, close_all, open_views, size_of_set
from garrison.engine.signatures.build import BuildReport, Options, Origin, build
from garrison.engine.signatures.sources import is_signature_file

_VERSION = 1
_SEEN = "built-from"
_NAME_CHARS = 32
_MOST_CACHED = 4
_CHECKED_BYTES = 64 * 1024 * 1024  # a larger set is not read to its end at every start


class FolderSink:
    """Writes a set's files into a folder that nobody looks into before it is moved to its place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """Open one new file of the set for writing; it is on the disk when the context ends."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with open(os.open(self._folder / name, flags, 0o400), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())

    def scratch(self) -> BinaryIO:
        """Return an empty file without a name, on the same disk."""
        return tempfile.TemporaryFile(dir=self._folder)


def name_of(folder: Path) -> str:
    """Return what a set is called: the digest of its description, which tells those of its files. Raises OSError."""
    return hashlib.sha256((folder / SET).read_bytes()).hexdigest()[:_NAME_CHARS]


def own_rules() -> list[tuple[str, str]]:
    """Return our own rules: (name of the file, text)."""
    folder = resources.files("garrison.engine").joinpath("rules")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".yar")), key=lambda file: file.name)
    return [(file.name, file.read_text("utf-8")) for file in files]


def compile_sources(
    sources: list[Path], to: Path, about: Mapping[str, str] | None = None, options: Options | None = None
) -> BuildReport:
    """Build a set from files and folders of signatures into a folder, which then holds it whole or is as before.

    A set that was there is kept beside it as NAME.old, one only. Raises NotFound for a source that is not there,
    Invalid when the folder holds something else, and what `explain` makes of an OSError.
    """
    found = list(find_sources(sources))
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / SET).exists())):
        raise Invalid(f"{to} is no set of databases.", "Name a folder that is empty or not there.")
    fresh = to.with_name(f".{to.name}.{os.getpid()}.new")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        report = build(found, FolderSink(fresh), {"garrison": __version__} | dict(about or {}), options)
        _replace(to, fresh)
    except OSError as error:
        raise explain(error, "build the databases") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return report


def _replace(to: Path, fresh: Path) -> None:
    old = to.with_name(f"{to.name}.old")
    if to.exists() and any(to.iterdir()):
        shutil.rmtree(old, ignore_errors=True)
        to.rename(old)
    try:
        fresh.rename(to)
    except OSError:
        with suppress(OSError):
            old.rename(to)
        raise
    sync_folder(to.parent)


def compiled_in(cache: Path, sources: list[Path], options: Options | None = None) -> Path:
    """Return the folder of the set that these sources make; it is built when there is none of them as they are now.

    cache: a folder of ours, which keeps the four that were used last. The sources are known again by their names, sizes
    and times. Raises as `compile_sources`.
    """
    options = options or Options()
    known: list[object] = [__version__, options.pua, options.trust.allow_unsigned, options.trust.certificates]
    try:
        for path in _paths(sources):
            status = path.stat()
            known.append((str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino))
    except OSError as error:
        raise explain(error, "read the databases") from error
    folder = cache / hashlib.sha256(repr(known).encode("utf-8", "surrogateescape")).hexdigest()[:_NAME_CHARS]
    if _is_openable(folder):
        os.utime(folder)
    else:
        compile_sources(sources, folder, options=options)
        _forget(cache, folder)
    return folder


def _forget(cache: Path, used: Path) -> None:
    """Remove all but the sets that were used last."""
    others = sorted((path for path in cache.iterdir() if path != used), key=lambda path: path.stat().st_mtime)
    for path in others[: -_MOST_CACHED + 1]:
        shutil.rmtree(path, ignore_errors=True)


def find_sources(sources: list[Path]) -> Iterator[tuple[str, Origin]]:
    """Yield a name of its own, and what opens it, for each file of signatures: those given, and those in folders.

    Raises NotFound.
    """
    taken: set[str] = set()
    for path in _paths(sources):
        name = path.name
        if name in taken:
            name = f"{path.parent.name}/{path.name}"
        number = 2
        while name in taken:
            name = f"{number}/{path.name}"
            number += 1
        taken.add(name)
        yield name, _opener(path)


def _opener(path: Path) -> Callable[[], BinaryIO]:
    return lambda: path.open("rb")


def _paths(sources: list[Path]) -> Iterator[Path]:
    for source in sources:
        if source.is_dir():
            yield from sorted(path for path in source.rglob("*") if is_signature_file(path.name) and path.is_file())
        elif source.is_file():
            yield source
        else:
            raise NotFound(f"There is no file or folder {source}.")


@contextmanager
def _descriptors(folder: Path) -> Iterator[dict[str, int]]:
    """Open every file of a set. Raises OSError."""
    files: dict[str, int] = {}
    try:
        for path in folder.iterdir():
            files[path.name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        yield files
    finally:
        for descriptor in files.values():
            os.close(descriptor)


def _is_openable(folder: Path) -> bool:
    """Return whether a set is there, with all files at their sizes."""
    try:
        with _descriptors(folder) as files:
            _, views = open_views(files)
            close_all(views.values())
    except (OSError, Failed):
        return False
    return True


def check_folder(folder: Path) -> None:
    """Read every file of a set, and compare its digest. Raises Failed."""
    try:
        with _descriptors(folder) as files:
            check_set(files)
    except OSError as error:
        raise Failed("The databases are damaged.", "Restart Garrison to build them anew.") from error


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
            with _descriptors(current) as files:
                if size_of_set(files) > _CHECKED_BYTES:
                    return _is_openable(current)
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
