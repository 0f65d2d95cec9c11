"""Marks the folders that the System Watcher looks after, one by one, and finds the path of a folder that is told of.

Marks on whole file systems would have every open on them wait; so each folder has one, and new ones get theirs when
the kernel tells of them.
"""

import contextlib
import ctypes
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator

from garrison.linux import fanotify
from garrison.linux.fanotify import Mark, What
from garrison.linux.fanotify_events import Handle
from garrison.linux.handles import HEADER_BYTES, handle_of

ASKED = What.OPEN_PERM | What.CLOSE_WRITE | What.EVENT_ON_CHILD
TOLD = What.CREATE | What.DELETE | What.RENAME | What.ONDIR
_MOST_FOLDERS = 200_000
_MOST_OPEN = 256
_PATH = os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW
_TRIES = 3
_libc = ctypes.CDLL(None, use_errno=True)


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Return whether a path is one of some folders or in one."""
    return any(path == folder or path.startswith(folder.rstrip("/") + "/") for folder in folders)


class Places:
    """The marks. asks, tells: the two groups. refused: folder -> why it cannot be watched."""

    def __init__(self, asks: int, tells: int) -> None:
        self._asks = asks
        self._tells = tells
        self._roots: list[int] = []
        self._open: OrderedDict[tuple[bytes, int], int] = OrderedDict()
        self._private: tuple[str, ...] = ()
        self.folders: tuple[str, ...] = ()
        self.traces: tuple[str, ...] = ()
        self.count = 0
        self.refused: dict[str, str] = {}

    def apply(self, folders: tuple[str, ...], traces: tuple[str, ...], private: tuple[str, ...]) -> None:
        """Watch these and nothing else. What stays watched is so all the while."""
        gone = [*self.folders, *(path for path in private if path not in self._private)]
        old_traces = self.traces
        self.folders, self.traces, self._private = folders, traces, private
        for path in gone:
            self._leave_below(path)
        for path in old_traces:
            self._unmark(path)
        self.count, self.refused = 0, {}
        self._forget_open()
        for path in folders:
            self._open_root(path)
            if path not in self.refused:
                self.add(path)
        for path in traces:
            with contextlib.suppress(OSError):
                self._mark(path)
                self._open_root(path)

    def _leave_below(self, top: str) -> None:
        """Watch a folder with all below no more, but for what is still to be watched."""
        if self.is_protected(top):
            return
        waiting = [top]
        while waiting:
            path = waiting.pop()
            self._unmark(path)
            with contextlib.suppress(OSError):
                waiting += list(_folders_in(path))

    def _unmark(self, path: str) -> None:
        if self.is_protected(path) or path in self.traces:
            return
        flags = Mark.REMOVE | Mark.ONLYDIR | Mark.DONT_FOLLOW
        for group, mask in ((self._asks, ASKED), (self._tells, TOLD)):
            with contextlib.suppress(OSError):  # it has gone, or was not marked
                fanotify.mark(group, flags, mask, path)

    def _open_root(self, path: str) -> None:
        try:
            self._roots.append(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        except OSError as error:
            self.refused[path] = error.strerror or str(error)

    def add(self, top: str) -> None:
        """Watch a folder with all below. What is made there meanwhile is watched too: each is marked, then read."""
        waiting = [top]
        while waiting and self.count < _MOST_FOLDERS:
            path = waiting.pop()
            if is_below(path, self._private):
                continue
            try:
                self._mark(path)
                waiting += list(_folders_in(path))
            except OSError as error:
                if path == top:
                    self.refused[path] = error.strerror or str(error)
        if waiting:
            self.refused[top] = f"has more folders than can be watched ({_MOST_FOLDERS})"

    def _mark(self, path: str) -> None:
        flags = Mark.ADD | Mark.ONLYDIR | Mark.DONT_FOLLOW
        fanotify.mark(self._asks, flags, ASKED, path)
        fanotify.mark(self._tells, flags, TOLD, path)
        self.count += 1

    def follow(self, descriptor: int, mask: What) -> None:
        """Ask about one file wherever it goes. Best effort: a file system may not know all of the mask."""
        with contextlib.suppress(OSError):
            fanotify.mark_open(self._asks, int(Mark.ADD), int(mask), descriptor)

    def leave(self, descriptor: int, mask: What) -> None:
        """Ask about one file no more."""
        with contextlib.suppress(OSError):
            fanotify.mark_open(self._asks, int(Mark.REMOVE), int(mask), descriptor)

    def is_protected(self, path: str) -> bool:
        """Return whether a path is in a protected folder."""
        return is_below(path, self.folders) and not is_below(path, self._private)

    def is_trace(self, path: str) -> bool:
        """Return whether a path is where programs are entered that start by themselves."""
        return path.rpartition("/")[0] in self.traces

    def path_of(self, handle: Handle) -> str:
        """Return the full path that a folder's handle and a name make now; "" when the folder is gone."""
        key = (handle.handle, handle.kind)
        descriptor = self._open.get(key)
        if descriptor is None:
            descriptor = self._open_handle(handle)
            if descriptor is None:
                return ""
            self._open[key] = descriptor
            if len(self._open) > _MOST_OPEN:
                os.close(self._open.popitem(last=False)[1])
        else:
            self._open.move_to_end(key)
        folder = os.readlink(f"/proc/self/fd/{descriptor}")
        name = os.fsdecode(handle.name)
        return f"{folder.rstrip('/')}/{name}" if name and name != "." else folder

    def own_path(self, descriptor: int) -> str:
        """Return the path of an open file as this process sees it; "" when it has none, or changes it all the time.

        Whoever opened it may live in a namespace where its folder is called /etc: what is told of a path is checked.
        """
        for _ in range(_TRIES):
            path = os.readlink(f"/proc/self/fd/{descriptor}")
            if _is_at(path, descriptor):
                return path
            again = self._open_handle(handle_of(descriptor))
            if again is None:
                continue
            try:
                path = os.readlink(f"/proc/self/fd/{again}")
            finally:
                os.close(again)
            if _is_at(path, descriptor):
                return path
        return ""

    def _open_handle(self, handle: Handle) -> int | None:
        size = len(handle.handle)
        content = size.to_bytes(4, "little") + handle.kind.to_bytes(4, "little", signed=True) + handle.handle
        buffer = ctypes.create_string_buffer(content, HEADER_BYTES + size)
        for root in self._roots:
            descriptor = int(_libc.open_by_handle_at(root, buffer, _PATH))
            if descriptor >= 0:
                return descriptor
        return None

    def _forget_open(self) -> None:
        for descriptor in (*self._roots, *self._open.values()):
            os.close(descriptor)
        self._roots.clear()
        self._open.clear()

    def close(self) -> None:
        """Let go of everything that is held open."""
        self._forget_open()


def _is_at(path: str, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(descriptor))
    except OSError:
        return False


def _folders_in(path: str) -> Iterator[str]:
    with os.scandir(path) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield entry.path
