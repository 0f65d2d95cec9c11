"""Spools: folders that are lent to the fetching process for its time, and taken back."""

import contextlib
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from garrison.base.errors import Failed
from garrison.base.files import explain, write_atomically
from garrison.linux import online
from garrison.wire.fetching import METADATA, TARGETS, TRUST

_MOST_PARTS = 32  # files, and as many notes about them
_PART = re.compile(r"\.[0-9a-f]{32}\.part(\.json)?")
_PARTS_LAST_SECONDS = 7 * 86_400
_DEEPEST = 4  # trust/metadata/root_history is the deepest that is needed
_MOST_KNOWN_FILES = 1000
_MOST_KNOWN_BYTES = 64 * 1024 * 1024


@contextlib.contextmanager
def lent(spool: Path, parts: Path, names: Sequence[str] | None) -> Iterator[None]:
    """Lend a spool to the process, with the beginnings of files that are kept for it; then take back what is left.

    names: of the parts that may be wanted, None for all. Raises what `explain` makes of an OSError.
    """
    try:
        for path in _parts_in(parts):
            if names is None or path.name.removesuffix(".json") in names:
                path.rename(spool / path.name)
        _give(spool, online.account())
        try:
            yield
        finally:
            take_back(spool)
            for path in _parts_in(spool):
                path.rename(parts / path.name)
    except OSError as error:
        raise explain(error, "use the folder {path}", path=spool) from error


def _parts_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if _PART.fullmatch(path.name)]


def _give(spool: Path, account: tuple[int, int] | None) -> None:
    if account is not None:
        for folder, _, files in os.walk(spool):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                os.chown(path, *account, follow_symlinks=False)


def take_back(spool: Path) -> None:
    """Make everything in a spool ours, and remove what is neither a folder nor a file with one name, or lies too deep.

    Nobody else may be working there any more. Raises OSError.
    """
    _take_back(spool, 0)


def _take_back(folder: Path, depth: int) -> None:
    _own(folder)
    for entry in _entries(folder):
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode) and depth < _DEEPEST:
            _take_back(Path(entry.path), depth + 1)
        elif stat.S_ISDIR(status.st_mode):
            remove(Path(entry.path))
        elif stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            _own(Path(entry.path))
        else:
            os.unlink(entry.path)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return list(entries)


def remove(folder: Path) -> None:
    """Remove a folder with all that is in it, however deep somebody nested it; a failure leaves the rest there."""
    with contextlib.suppress(OSError):
        while inner := _emptied(folder):
            for path in inner:  # each round brings what lies deeper one step up
                for entry in _entries(path):
                    if entry.is_dir(follow_symlinks=False):
                        _own(Path(entry.path))  # a folder that cannot be written in cannot be moved
                    os.rename(entry.path, folder / secrets.token_hex(16))
                path.rmdir()
        folder.rmdir()


def _emptied(folder: Path) -> list[Path]:
    """Remove the files in a folder, and return the folders in it."""
    _own(folder)
    found = _entries(folder)
    inner = [Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False)]
    for entry in found:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)
    for path in inner:
        _own(path)
    return inner


def _own(path: Path) -> None:
    status = path.lstat()
    if status.st_uid != os.geteuid():
        os.chown(path, os.geteuid(), os.getegid(), follow_symlinks=False)
    path.chmod(0o700 if stat.S_ISDIR(status.st_mode) else 0o600)


def size_of(path: Path) -> int | None:
    """Return the size of a file, None when there is none."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def rescue(spool: Path, parts: Path) -> None:
    """Remove a spool that a kill left behind, but keep the beginnings of files in it."""
    with contextlib.suppress(OSError):
        take_back(spool)
        for path in _parts_in(spool):
            path.rename(parts / path.name)
    remove(spool)


def forget_old(parts: Path, now: float) -> None:
    """Remove the parts of files that nobody asked for in a week, and all but the newest. now: seconds since 1970."""
    found = sorted(parts.iterdir(), key=lambda path: path.lstat().st_mtime, reverse=True)
    for place, path in enumerate(found):
        if place >= 2 * _MOST_PARTS or now - path.lstat().st_mtime > _PARTS_LAST_SECONDS:
            path.unlink(missing_ok=True)


def bring_trust(trust: Path, spool: Path) -> None:
    """Copy what is known of a repository into a spool. Raises Failed without a pinned root."""
    try:
        for name in (TRUST, TARGETS):
            (spool / name).mkdir(mode=0o700)
        shutil.copyfile(trust / "root.json", spool / TRUST / "root.json")
        if (trust / METADATA).is_dir():
            shutil.copytree(trust / METADATA, spool / TRUST / METADATA, symlinks=True)
        else:
            (spool / TRUST / METADATA).mkdir(mode=0o700)
    except FileNotFoundError as error:
        raise Failed("No publisher is trusted yet.", "garrison databases trust DIR_OR_URL") from error
    except OSError as error:
        raise explain(error, "copy what is in {path} to {to}", path=trust, to=spool) from error


def keep_known(spool: Path, trust: Path) -> None:
    """Keep TUF's own metadata from a spool, file by file, each whole or as it was. The pinned root stays as it is.

    Raises Failed, and what `explain` makes of an OSError.
    """
    fresh, kept = spool / TRUST / METADATA, trust / METADATA
    files = [path for path in sorted(fresh.rglob("*")) if stat.S_ISREG(path.lstat().st_mode)]
    if len(files) > _MOST_KNOWN_FILES or sum(path.lstat().st_size for path in files) > _MOST_KNOWN_BYTES:
        raise Failed("The repository's metadata is larger than it can be.")
    try:
        for path in files:
            to = kept / path.relative_to(fresh)
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = path.read_bytes()
            if not to.is_file() or to.read_bytes() != content:
                write_atomically(to, content)
        for path in sorted(kept.rglob("*")):
            if not path.is_dir() and not (fresh / path.relative_to(kept)).exists():
                path.unlink()
    except OSError as error:
        raise explain(error, "write {path}", path=trust) from error
