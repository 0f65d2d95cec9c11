"""Spools: folders that are lent to the fetching process for its time, and taken back."""

import contextlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from garrison.base.files import explain
from garrison.linux import online

_MOST_PARTS = 32  # files, and as many notes about them


@contextlib.contextmanager
def lent(spool: Path, parts: Path, names: Sequence[str]) -> Iterator[None]:
    """Lend a spool to the process, with the beginnings of files that are kept for it; then take back what is left.

    names: of the parts; what is there of them, with its notes, is moved into the spool and back. Raises what `explain`
    makes of an OSError.
    """
    both = [name for each in names for name in (each, f"{each}.json")]
    try:
        for name in both:
            with contextlib.suppress(FileNotFoundError):
                (parts / name).rename(spool / name)
        _give(spool, online.account())
        try:
            yield
        finally:
            take_back(spool)
            for name in both:
                with contextlib.suppress(FileNotFoundError):
                    (spool / name).rename(parts / name)
    except OSError as error:
        raise explain(error, f"use the folder {spool}") from error


def _give(spool: Path, account: tuple[int, int] | None) -> None:
    if account is not None:
        for folder, _, files in os.walk(spool):
            for path in (folder, *(os.path.join(folder, name) for name in files)):
                os.chown(path, *account, follow_symlinks=False)


def take_back(spool: Path) -> None:
    """Make everything in a spool ours, and remove what is neither a folder nor a file with one name.

    Nobody else may be working there any more. Raises OSError.
    """
    _own(spool)
    with os.scandir(spool) as entries:
        found = list(entries)
    for entry in found:
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            take_back(Path(entry.path))
        elif stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            _own(Path(entry.path))
        else:
            os.unlink(entry.path)


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


def forget_old(parts: Path) -> None:
    """Remove all parts of files but the newest."""
    found = sorted(parts.iterdir(), key=lambda path: path.lstat().st_mtime, reverse=True)
    for path in found[2 * _MOST_PARTS :]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
