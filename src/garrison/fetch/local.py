"""Sources on this computer: files and folders, opened while this process still has the suite's rights."""

import os
import stat
from collections.abc import Iterable

from garrison.fetch.trouble import Trouble

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK


class Locals:
    """What was opened. A source that could not be opened says so when it is asked for."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._opened: dict[str, int | OSError] = {}
        for path in paths:
            try:
                self._opened[path.rstrip("/") or "/"] = os.open(path, _FLAGS)
            except OSError as error:
                self._opened[path.rstrip("/") or "/"] = error

    def descriptors(self) -> list[int]:
        """Return what is open."""
        return [found for found in self._opened.values() if isinstance(found, int)]

    def open(self, path: str) -> tuple[int, os.stat_result]:
        """Return a descriptor of a regular file that was given, or lies under a folder that was. Raises Trouble."""
        try:
            descriptor = self._descriptor(path)
        except FileNotFoundError:
            raise Trouble(f"There is no file {path}.", status=404) from None
        except OSError as error:
            raise Trouble(f"{path} cannot be read: {(error.strerror or str(error)).lower()}.") from error
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise Trouble(f"{path} is not a file.")
        return descriptor, status

    def _descriptor(self, path: str) -> int:
        if path in self._opened:
            return os.dup(self._of(path))
        for root in self._opened:
            inner = path.removeprefix(root.rstrip("/") + "/")
            if inner != path:
                return _open_beneath(self._of(root), inner)
        raise FileNotFoundError(path)

    def _of(self, path: str) -> int:
        found = self._opened[path]
        if isinstance(found, OSError):
            raise found
        return found


def _open_beneath(folder: int, path: str) -> int:
    """Open a file under a folder; no step may be a link or lead out of it. Raises OSError."""
    *folders, name = path.split("/")
    current = os.dup(folder)
    try:
        for part in folders:
            deeper = _step(current, part, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            os.close(current)
            current = deeper
        return _step(current, name, _FLAGS)
    finally:
        os.close(current)


def _step(folder: int, name: str, flags: int) -> int:
    if name in {"", ".", ".."}:
        raise FileNotFoundError(name)
    return os.open(name, flags | os.O_NOFOLLOW, dir_fd=folder)
