"""Walks folders and opens the files in them, safely: no link is followed, nothing that blocks is opened.

What cannot be opened is told, and the walk goes on.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from garrison.linux.mounts import made_up_devices

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NOT_FILES = {
    stat.S_IFIFO: "a pipe (FIFO), not a file: not opened",
    stat.S_IFSOCK: "a socket, not a file: not opened",
    stat.S_IFBLK: "a device, not a file: not opened",
    stat.S_IFCHR: "a device, not a file: not opened",
}
_WHY = {
    errno.ENOENT: "vanished before it could be opened",
    errno.EACCES: "may not be read by this account",
    errno.EPERM: "may not be read by this account",
    errno.ELOOP: "a loop of links: not followed",
    errno.ENAMETOOLONG: "its path is too long to open",
    errno.EIO: "the disk reports a read error",
    errno.ENOTDIR: "is not there: a part of its path is not a folder",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file to examine. Whoever gets it closes the descriptor."""

    path: str
    descriptor: int
    status: os.stat_result


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be examined, and why. given: whether a person named this very path."""

    path: str
    what: str
    given: bool = False


def why(error: OSError) -> str:
    """Return what a person should know of a failed open."""
    return _WHY.get(error.errno or 0, (error.strerror or str(error)).lower())


@dataclass(slots=True)
class Walk:
    """One walk. skip: says of a path whether to leave it out; private: folders of ours, as (device, inode)."""

    skip: Callable[[str], bool] = lambda _: False
    private: frozenset[tuple[int, int]] = frozenset()
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _made_up: frozenset[int] = field(default_factory=made_up_devices)

    def files(self, roots: list[str]) -> Iterator[Found | Trouble]:
        """Open every file in and below the given paths; each folder once, however it is reached."""
        for root in roots:
            yield from self._root(root)

    def count(self, roots: list[str]) -> int:
        """Return how many files there are to open, about: for progress."""
        total = 0
        for root in roots:
            if not os.path.isdir(root):
                total += 1
                continue
            for entry in self._entries(os.path.realpath(root)):
                if isinstance(entry, os.DirEntry) and entry.is_file(follow_symlinks=False):
                    total += 1
        return total

    def _root(self, root: str) -> Iterator[Found | Trouble]:
        try:
            status = os.stat(root)
        except OSError as error:
            what = "does not exist" if error.errno == errno.ENOENT else why(error)
            yield Trouble(root, what, given=True)
            return
        real = os.path.realpath(root)  # a person may name a link; below it none is followed
        if stat.S_ISDIR(status.st_mode):
            yield from self._folder(real)
        elif not self.skip(real):
            yield self._open(real, given=True)

    def _folder(self, folder: str) -> Iterator[Found | Trouble]:
        for entry in self._entries(folder):
            if isinstance(entry, Trouble):
                yield entry
            elif entry.is_symlink():
                if _loops(entry.path):
                    yield Trouble(entry.path, _WHY[errno.ELOOP])
            else:
                yield self._open(entry.path)

    def _entries(self, top: str) -> Iterator["os.DirEntry[str] | Trouble"]:
        """Return everything below a folder but the folders themselves."""
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            try:
                status = os.stat(folder, follow_symlinks=False)
                key = (status.st_dev, status.st_ino)
                if key in self._seen or key in self.private:
                    continue
                self._seen.add(key)
                if status.st_dev in self._made_up:
                    yield Trouble(folder, "made up by the kernel, holds no files: not scanned", given=folder == top)
                    continue
                with os.scandir(folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as error:
                yield Trouble(folder, why(error), given=folder == top)
                continue
            for entry in entries:
                if self.skip(entry.path):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry

    def _open(self, path: str, given: bool = False) -> Found | Trouble:
        try:
            before = os.lstat(path)
            kind = _NOT_FILES.get(stat.S_IFMT(before.st_mode))
            if kind:  # never opened: opening a device or a pipe can have effects
                return Trouble(path, kind, given)
            descriptor = os.open(path, _OPEN)
        except OSError as error:
            return Trouble(path, why(error), given)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Found(path, descriptor, status)
        os.close(descriptor)
        return Trouble(path, "changed into something else while it was opened", given)


def _loops(path: str) -> bool:
    try:
        os.stat(path)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
