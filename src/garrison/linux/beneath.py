"""Opens a path without following a link anywhere in it, so that nobody can swap a folder for a link meanwhile."""

import contextlib
import errno
import os
from collections.abc import Iterator

from garrison.base.errors import Failed

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def folder_without_links(path: str) -> Iterator[int]:
    """Hold a folder open, given as an absolute path. Raises OSError; Failed when a part of the path is a link."""
    current = os.open("/", _FOLDER)
    try:
        for part in path.split("/"):
            if part in {"", "."}:
                continue
            if part == "..":
                raise Failed(f"{path}: a path with “..” is not used here.")
            deeper = _enter(current, part, path)
            os.close(current)
            current = deeper
        yield current
    finally:
        os.close(current)


def _enter(parent: int, name: str, path: str) -> int:
    try:
        return os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise Failed(f"{path}: a part of this path has become a link; nothing was done.") from error
        raise


def split(path: str) -> tuple[str, str]:
    """Return the folder and the name of an absolute path."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name
