"""Walks folders and opens the files in them, safely: no link is followed, nothing that blocks is opened.

What cannot be opened is told, and the walk goes on. Every step is taken from an open folder, so that neither a link put
in a folder's place nor the length of a path leads it astray.
"""

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field

from garrison.base.errors import Failed
from garrison.linux.beneath import folder_without_links, split
from garrison.linux.mounts import MADE_UP, OF_DEVICES, devices_of

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEVICE = "a device, not a file: not opened"
_NOT_FILES = {
    stat.S_IFIFO: "a pipe (FIFO), not a file: not opened",
    stat.S_IFSOCK: "a socket, not a file: not opened",
    stat.S_IFBLK: _DEVICE,
    stat.S_IFCHR: _DEVICE,
}
_MADE_UP = "made up by the kernel, holds no files: not scanned"
_CHANGED = "changed into something else while it was opened"
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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A name in an open folder."""

    folder: int
    name: str
    path: str
    given: bool = False


def why(error: OSError | Failed) -> str:
    """Return what a person should know of a failed open."""
    if isinstance(error, Failed):
        return "a folder in its path was swapped for a link meanwhile: not followed"
    return _WHY.get(error.errno or 0, (error.strerror or str(error)).lower())


@dataclass(slots=True)
class Walk:
    """One walk. skip: says of a path whether to leave it out; private: folders of ours, as (device, inode)."""

    skip: Callable[[str], bool] = lambda _: False
    private: frozenset[tuple[int, int]] = frozenset()
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _made_up: frozenset[int] = field(default_factory=lambda: devices_of(MADE_UP))
    _of_devices: frozenset[int] = field(default_factory=lambda: devices_of(OF_DEVICES))

    def files(self, roots: list[str]) -> Generator[Found | Trouble, None, None]:
        """Open every file in and below the given paths; each folder once, however it is reached."""
        for item in self._all(roots):
            if isinstance(item, Trouble):
                yield item
                continue
            opened = self._open(item)
            if opened is not None:
                yield opened

    def names(self, roots: list[str]) -> Generator[str, None, None]:
        """Return the path of each name that `files` would look at, about: for progress."""
        for item in self._all(roots):
            if isinstance(item, _Entry):
                yield item.path

    def _all(self, roots: list[str]) -> Iterator[_Entry | Trouble]:
        for root in roots:
            yield from self._root(root)

    def _root(self, root: str) -> Iterator[_Entry | Trouble]:
        try:
            is_folder = stat.S_ISDIR(os.stat(root).st_mode)
        except OSError as error:
            yield Trouble(root, "does not exist" if error.errno == errno.ENOENT else why(error), given=True)
            return
        real = os.path.realpath(root)  # a person may name a link; below it none is followed
        if self.skip(real):
            yield Trouble(real, "is left out of scans by an exclusion")
        elif is_folder:
            yield from self._below(real)
        else:
            yield from self._alone(real)

    @staticmethod
    def _alone(path: str) -> Iterator[_Entry | Trouble]:
        folder, name = split(path)
        try:
            with folder_without_links(folder) as descriptor:
                yield _Entry(descriptor, name, path, given=True)
        except (OSError, Failed) as error:
            yield Trouble(path, why(error), given=True)

    def _below(self, top: str) -> Iterator[_Entry | Trouble]:
        """Return everything below a folder but the folders themselves."""
        waiting = [top]
        while waiting:
            folder = waiting.pop()
            deeper: list[str] = []
            try:
                with _listable(folder) as descriptor:
                    yield from self._within(descriptor, folder, deeper, folder == top)
            except (OSError, Failed) as error:
                yield Trouble(folder, why(error), given=folder == top)
            waiting += reversed(deeper)

    def _within(self, descriptor: int, folder: str, deeper: list[str], given: bool) -> Iterator[_Entry | Trouble]:
        """Return what lies in one folder, and add the folders in it to `deeper`."""
        status = os.fstat(descriptor)
        if not self._is_new(status):
            return
        if status.st_dev in self._made_up:
            yield Trouble(folder, _MADE_UP, given)
            return
        for name, is_folder in _listing(descriptor):
            path = os.path.join(folder, name)
            if self.skip(path):
                continue
            if is_folder:
                deeper.append(path)
            else:
                yield _Entry(descriptor, name, path)

    def _is_new(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key in self._seen or key in self.private:
            return False
        self._seen.add(key)
        return True

    def _open(self, entry: _Entry) -> Found | Trouble | None:
        """Open a file; None for what is no file and belongs there. What is no file is never opened: it has effects."""
        try:
            before = os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False)
            what = self._not_a_file(entry, before)
            if what is not None:
                return Trouble(entry.path, what, entry.given) if what else None
            descriptor = os.open(entry.name, _OPEN, dir_fd=entry.folder)
        except OSError as error:
            return Trouble(entry.path, why(error), entry.given)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Found(entry.path, descriptor, status)
        os.close(descriptor)
        return Trouble(entry.path, _CHANGED, entry.given)

    def _not_a_file(self, entry: _Entry, status: os.stat_result) -> str | None:
        """Return what is to be said of what is no file, "" for nothing; None for a file."""
        if stat.S_ISREG(status.st_mode):
            return _MADE_UP if status.st_dev in self._made_up else None
        if stat.S_ISLNK(status.st_mode):
            return _WHY[errno.ELOOP] if _loops(entry) else ""
        what = _NOT_FILES.get(stat.S_IFMT(status.st_mode), _CHANGED)
        return "" if what is _DEVICE and status.st_dev in self._of_devices else what


@contextlib.contextmanager
def _listable(folder: str) -> Iterator[int]:
    with folder_without_links(folder) as place:
        descriptor = os.open(".", _LIST, dir_fd=place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _listing(folder: int) -> list[tuple[str, bool]]:
    """Return the names in a folder, sorted, and which are folders."""
    with os.scandir(folder) as entries:
        return sorted((entry.name, _is_folder(entry)) for entry in entries)


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:  # a folder that may be listed but not looked into; opening it will say so
        return False


def _loops(entry: _Entry) -> bool:
    try:
        os.stat(entry.name, dir_fd=entry.folder)
    except OSError as error:
        return error.errno == errno.ELOOP
    return False
