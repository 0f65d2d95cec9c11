"""Build sets of signatures in folders, and check them: from files as people have them, all or nothing."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from garrison import __version__
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import explain, sync_folder
from garrison.engine.set_files import SET, check_set, close_all, open_views
from garrison.engine.signatures.build import BuildReport, Options, Origin, build
from garrison.engine.signatures.sources import is_signature_file

NAME_CHARS = 32
_MOST_CACHED = 4


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
    return hashlib.sha256((folder / SET).read_bytes()).hexdigest()[:NAME_CHARS]


def compile_sources(
    sources: list[Path], to: Path, about: Mapping[str, str] | None = None, options: Options | None = None
) -> BuildReport:
    """Build a set from files and folders of signatures into a folder, which then holds it whole or is as before.

    A set that was there is kept beside it as NAME.old, one only. Raises NotFound for a source that is not there,
    Invalid when the folder holds something else, and what `explain` makes of an OSError.
    """
    found = list(find_sources(sources))
    if to.exists() and (not to.is_dir() or (any(to.iterdir()) and not (to / SET).exists())):
        raise Invalid("{to} is no set of databases.", "Name a folder that is empty or not there.", to=to)
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
    folder = cache / hashlib.sha256(repr(known).encode("utf-8", "surrogateescape")).hexdigest()[:NAME_CHARS]
    if is_openable(folder):
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
            raise NotFound("There is no file or folder {source}.", source=source)


@contextmanager
def descriptors_of(folder: Path) -> Iterator[dict[str, int]]:
    """Open every file of a set. Raises OSError."""
    files: dict[str, int] = {}
    try:
        for path in folder.iterdir():
            files[path.name] = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        yield files
    finally:
        for descriptor in files.values():
            os.close(descriptor)


def is_openable(folder: Path) -> bool:
    """Return whether a set is there, with all files at their sizes."""
    try:
        with descriptors_of(folder) as files:
            _, views = open_views(files)
            close_all(views.values())
    except (OSError, Failed):
        return False
    return True


def check_folder(folder: Path) -> None:
    """Read every file of a set, and compare its digest. Raises Failed."""
    try:
        with descriptors_of(folder) as files:
            check_set(files)
    except OSError as error:
        raise Failed("The databases are damaged.", "Restart Garrison to build them anew.") from error
