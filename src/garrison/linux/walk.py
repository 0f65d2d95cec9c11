"""Walks folders and opens the files in them, safely: no link is followed, nothing that blocks is opened.

What cannot be opened is told, and the walk goes on. Every step is taken from an open folder, so that neither a link put
in a folder's place nor the length of a path leads it astray.
"""

import contextlib
import errno
import os
import stat
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from itertools import islice

from garrison.base.errors import Failed
from garrison.base.text import message, phrase
from garrison.linux.beneath import PROC, OfProcesses, folder_without_links, real_path, split
from garrison.linux.mounts import MADE_UP, OF_DEVICES, devices_of
from garrison.linux.place import Place

_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_LIST = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_DEVICE = phrase("a device, not a file: not opened")
_NOT_FILES = {
    stat.S_IFIFO: phrase("a pipe (FIFO), not a file: not opened"),
    stat.S_IFSOCK: phrase("a socket, not a file: not opened"),
    stat.S_IFBLK: _DEVICE,
    stat.S_IFCHR: _DEVICE,
}
_MADE_UP = phrase("made up by the kernel, holds no files: not scanned")
_LONGEST_PATH = 4096  # bytes, PATH_MAX: programs that use paths reach nothing beyond
_SHOWN_OF_PATH = 200  # characters of a longer one
_LISTED_AT_ONCE = 10_000  # names of a folder in memory
_MOST_LATER = 10_000  # files that are tried again at the end
_PAUSE_SECONDS = 0.1
_LEASED = phrase("another program keeps it to itself (a lease): not examined")
_CHANGED = phrase("changed into something else while it was opened")
_WHY = {
    errno.ENOENT: phrase("vanished before it could be opened"),
    errno.EACCES: phrase("may not be read by this account"),
    errno.EPERM: phrase("may not be read by this account"),
    errno.ELOOP: phrase("a loop of links: not followed"),
    errno.ENAMETOOLONG: phrase("its path is too long to open"),
    errno.EIO: phrase("the disk reports a read error"),
    errno.ENOTDIR: phrase("is not there: a part of its path is not a folder"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """A file to examine. Whoever gets it closes the descriptor. given: whether a person named this very path."""

    path: str
    descriptor: int
    status: os.stat_result
    given: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be examined, and why. given: whether a person named this very path."""

    path: str
    what: str
    given: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A file that need not be opened. size: in bytes."""

    path: str
    size: int


@dataclass(frozen=True, slots=True)
class _Entry:
    """A name in an open folder."""

    folder: int
    name: str
    path: str
    given: bool = False


@dataclass(frozen=True, slots=True)
class _Later:
    """A file that another program held a lease on. until: when the kernel will have taken it away, on our clock."""

    path: str
    given: bool
    until: float


def why(error: OSError | Failed) -> str:
    """Return what a person should know of a failed open."""
    if isinstance(error, Failed):
        return phrase("a folder in its path was swapped for a link meanwhile: not followed")
    return _WHY.get(error.errno or 0, (error.strerror or str(error)).lower())


@dataclass(slots=True)
class Walk:
    """One walk.

    skip: says of a path whether to leave it out. private: folders of ours, as (device, inode). known: says of a file's
    status whether it need not be opened.

    after: where an earlier walk of the same roots got to: what comes before that in walk order is not opened, only its
    folders are listed. but: paths beyond it that are left out too. put_off: what was under a lease, now or then.
    """

    skip: Callable[[str], bool] = lambda _: False
    private: frozenset[tuple[int, int]] = frozenset()
    known: Callable[[os.stat_result], bool] | None = None
    after: Place = field(default_factory=Place)
    but: frozenset[str] = frozenset()
    put_off: set[str] = field(default_factory=set)
    _root_number: int = 0
    _reached: Callable[[int, str], Place] | None = None
    _reached_path: str = ""
    _seen: set[tuple[int, int]] = field(default_factory=set)
    _made_up: frozenset[int] = field(default_factory=lambda: devices_of(MADE_UP))
    _of_devices: frozenset[int] = field(default_factory=lambda: devices_of(OF_DEVICES))
    _proc: frozenset[int] = field(default_factory=lambda: devices_of(PROC))
    _later: list[_Later] = field(default_factory=list)

    def files(self, roots: list[str]) -> Generator[Found | Known | Trouble | None, None, None]:
        """Open every file in and below the given paths; each folder once, however it is reached.

        None means that it waits for somebody and has nothing yet: a chance to stop.
        """
        again = frozenset(self.put_off)
        self._later += [_Later(path, False, time.monotonic() + _lease_break_seconds()) for path in sorted(again)]
        yield from self._opened(self._ahead(roots, again))
        yield from self._tried_again()

    def at(self) -> Place:
        """Return the place of what was last given; in a folder too big to be sorted, the folder's beginning."""
        if self._reached is None:
            return Place(self._root_number)
        return self._reached(self._root_number, self._reached_path)

    def _reach(self, kind: Callable[[int, str], Place] | None, path: str = "") -> None:
        self._reached, self._reached_path = kind, path

    def _ahead(self, roots: list[str], again: frozenset[str]) -> Iterator["_Entry | Trouble"]:
        """Return what an earlier walk did not get to, and what is not tried again at the end anyway."""
        is_new = self.after == Place()
        for item in self._all(roots):
            is_new = is_new or self._here(item) > self.after
            if is_new and item.path not in self.but and item.path not in again:
                yield item

    def _here(self, item: "_Entry | Trouble") -> Place:
        """Return the exact place of an item."""
        if self._reached is None or not isinstance(item, _Entry):
            return self.at()
        return Place.of_file(self._root_number, item.path)

    def file(self, path: str) -> Generator[Found | Known | Trouble | None, None, None]:
        """Open one file, given by a full path in which no link is followed."""
        yield from self._opened(self._alone(path, path))
        yield from self._tried_again()

    def _opened(self, items: Iterator["_Entry | Trouble"]) -> Iterator[Found | Known | Trouble]:
        for item in items:
            if isinstance(item, Trouble):
                yield item
                continue
            opened = self._open(item)
            if isinstance(opened, _Later):
                self._later.append(opened)
                self.put_off.add(opened.path)
            elif opened is not None:
                yield opened

    def _tried_again(self) -> Iterator[Found | Known | Trouble | None]:
        """Open what was under a lease: asking for it made the kernel take the lease away before long (fcntl(2))."""
        while self._later:
            waiting, self._later = self._later, []
            for later in waiting:
                is_last = time.monotonic() > later.until
                yield from self._opened(self._alone(later.path, later.path if later.given else ""))
                if self._later and self._later[-1].path == later.path:
                    self._later[-1] = later
                    if is_last:
                        self._later.pop()
                        yield Trouble(later.path, _LEASED, later.given)
            if self._later:
                time.sleep(_PAUSE_SECONDS)
                yield None

    def names(self, roots: list[str]) -> Generator[str, None, None]:
        """Return the path of each name that `files` would look at, about: for progress."""
        for item in self._all(roots):
            if isinstance(item, _Entry):
                yield item.path

    def _all(self, roots: list[str]) -> Iterator[_Entry | Trouble]:
        for number, root in enumerate(roots, 1):
            # Where a root yields a single thing, its end is reached with it.
            self._root_number = number
            self._reach(None)
            yield from self._root(root)
            self._root_number = number
            self._reach(None)

    def _root(self, root: str) -> Iterator[_Entry | Trouble]:
        try:
            real = real_path(root, self._proc)  # a person may name a link; below it none is followed
            is_folder = stat.S_ISDIR(os.lstat(real).st_mode)
        except OfProcesses:
            yield Trouble(_short(root), _MADE_UP, given=True)
        except ValueError:  # a NUL, or what is no character
            yield Trouble(_short(root), phrase("is no path"), given=True)
        except (OSError, Failed) as error:
            is_missing = isinstance(error, OSError) and error.errno == errno.ENOENT
            yield Trouble(_short(root), phrase("does not exist") if is_missing else why(error), given=True)
        else:
            if len(os.fsencode(real)) > _LONGEST_PATH:
                yield Trouble(_short(root), _WHY[errno.ENAMETOOLONG], given=True)
            elif self.skip(real):
                yield Trouble(_short(root), phrase("is left out of scans by an exclusion"))
            elif is_folder:
                self._root_number -= 1
                yield from self._below(real, _short(root))
            else:
                yield from self._alone(real, _short(root))

    @staticmethod
    def _alone(path: str, given: str) -> Iterator[_Entry | Trouble]:
        """Return one file. given: how a person named it, "" when nobody did."""
        folder, name = split(path)
        try:
            with folder_without_links(folder) as descriptor:
                yield _Entry(descriptor, name, path, given=bool(given))
        except (OSError, Failed) as error:
            yield Trouble(given or path, why(error), given=bool(given))

    def _below(self, top: str, given: str) -> Iterator[_Entry | Trouble]:
        """Return everything below a folder but the folders themselves. given: how a person named it."""
        waiting = [("", top)]  # parents are shared: a path each would be much for many folders
        while waiting:
            folder = os.path.join(*waiting.pop())
            is_top = folder == top
            deeper: list[str] = []
            try:
                with _listable(folder) as descriptor:
                    yield from self._within(descriptor, folder, deeper, is_top)
            except (OSError, Failed) as error:
                self._reach(Place.of_folder, folder)
                yield Trouble(given if is_top else folder, why(error), given=is_top)
            waiting += [(folder, name) for name in reversed(deeper)]

    def _within(self, descriptor: int, folder: str, deeper: list[str], given: bool) -> Iterator[_Entry | Trouble]:
        """Return what lies in one folder, and add the names of the folders in it to `deeper`."""
        status = os.fstat(descriptor)
        if not self._is_new(status):
            return
        self._reach(Place.of_folder, folder)
        if status.st_dev in self._made_up:
            yield Trouble(folder, _MADE_UP, given)
            return
        longest = _LONGEST_PATH - len(os.fsencode(folder)) - 1
        too_long = 0
        for name, is_folder, is_sorted in _listing(descriptor):
            path = os.path.join(folder, name)
            if self.skip(path):
                continue
            if len(os.fsencode(name)) > longest:
                too_long += 1
            elif is_folder:
                deeper.append(name)
            else:
                if is_sorted:
                    self._reach(Place.of_file, path)
                yield _Entry(descriptor, name, path)
        deeper.sort()
        self._reach(Place.of_note, folder)
        if too_long:
            told = message(
                "{count} name in it has a path of over {most} bytes: not examined",
                {"most": _LONGEST_PATH},
                "{count} names in it have paths of over {most} bytes: not examined",
                too_long,
            )
            yield Trouble(_short(folder), told)

    def _is_new(self, status: os.stat_result) -> bool:
        key = (status.st_dev, status.st_ino)
        if key in self._seen or key in self.private:
            return False
        self._seen.add(key)
        return True

    def _open(self, entry: _Entry) -> "Found | Known | Trouble | _Later | None":
        """Open a file; None for what is no file and belongs there. What is no file is never opened: it has effects."""
        try:
            before = os.stat(entry.name, dir_fd=entry.folder, follow_symlinks=False)
            settled, is_settled = self._settled(entry, before)
            if is_settled:
                return settled
            descriptor = os.open(entry.name, _OPEN, dir_fd=entry.folder)
        except BlockingIOError:
            if len(self._later) >= _MOST_LATER:
                return Trouble(entry.path, _LEASED, entry.given)
            return _Later(entry.path, entry.given, time.monotonic() + _lease_break_seconds())
        except OSError as error:
            return Trouble(entry.path, why(error), entry.given)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            return Found(entry.path, descriptor, status, entry.given)
        os.close(descriptor)
        return Trouble(entry.path, _CHANGED, entry.given)

    def _settled(self, entry: _Entry, status: os.stat_result) -> tuple[Known | Trouble | None, bool]:
        """Return what becomes of a name that need not be opened, and whether it is one."""
        what = self._not_a_file(entry, status)
        if what is not None:
            return (Trouble(entry.path, what, entry.given) if what else None), True
        if self.known is not None and self.known(status):
            return Known(entry.path, status.st_size), True
        return None, False

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


def _listing(folder: int) -> Iterator[tuple[str, bool, bool]]:
    """Return the names in a folder, which are folders, and whether all are sorted: as far as memory holds them."""
    is_sorted = True
    with os.scandir(folder) as entries:
        while some := sorted((entry.name, _is_folder(entry)) for entry in islice(entries, _LISTED_AT_ONCE)):
            is_sorted = is_sorted and len(some) < _LISTED_AT_ONCE
            for name, is_folder in some:
                yield name, is_folder, is_sorted


def _short(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH // 2 else f"{path[:_SHOWN_OF_PATH]}..."


def _lease_break_seconds() -> float:
    """Return after how long the kernel takes a lease away from who does not give it up, and a little more."""
    try:
        with open("/proc/sys/fs/lease-break-time", encoding="ascii") as file:
            return int(file.read()) + 1.0
    except (OSError, ValueError):
        return 46.0


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
