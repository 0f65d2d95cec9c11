"""Works on paths without following a link anywhere in them, so that nobody can swap a folder for a link meanwhile."""

import contextlib
import ctypes
import errno
import os
from collections.abc import Iterator

from garrison.base.errors import Failed
from garrison.linux.mounts import devices_of

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MOST_LINKS = 40  # in one path, as the kernel has it
PROC = frozenset({"proc"})
_NOREPLACE = 1  # RENAME_NOREPLACE, rename(2)
_libc = ctypes.CDLL(None, use_errno=True)


@contextlib.contextmanager
def folder_without_links(path: str) -> Iterator[int]:
    """Hold a folder open, given as an absolute path. Raises OSError; Failed when a part of the path is a link."""
    if not path.startswith("/"):
        raise Failed("{path}: only a full path can be used here.", path=path)
    current = os.open("/", _FOLDER)
    try:
        for part in path.split("/"):
            if part in {"", "."}:
                continue
            if part == "..":
                raise Failed("{path}: a path with “..” is not used here.", path=path)
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
            raise Failed("{path}: a part of this path is a link or no folder; nothing was done.", path=path) from error
        raise


class OfProcesses(Failed):
    """A path leads into /proc, whose links lead to what other processes, and this one, have open."""


def real_path(path: str, proc: frozenset[int] | None = None) -> str:
    """Return an absolute path of something that exists with its links followed, as the calling thread may see it.

    Every step is taken from an open folder. proc: the devices of file systems of the kind PROC, if the caller has them
    at hand. Raises OSError, and OfProcesses before any link in /proc is followed.
    """
    if not path.startswith("/"):
        raise Failed("{path}: only a full path can be used here.", path=path)
    proc = devices_of(PROC) if proc is None else proc
    names: list[str] = []
    waiting = path.split("/")[::-1]
    links = 0
    current = os.open("/", _FOLDER)
    try:
        while waiting:
            part = waiting.pop()
            if part in {"", "."}:
                continue
            deeper, target = _step(current, part)
            if deeper is not None:
                os.close(current)
                current = deeper
                names = [*names, part] if part != ".." else names[:-1]
                if os.fstat(current).st_dev in proc:
                    raise OfProcesses(f"{path}: leads into /proc.")
            elif target is None:
                if waiting:
                    raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
                names.append(part)
            else:
                links += 1
                if links > _MOST_LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                if target.startswith("/"):
                    os.close(current)
                    current, names = os.open("/", _FOLDER), []
                waiting += target.split("/")[::-1]
        return "/" + "/".join(names)
    finally:
        os.close(current)


def _step(folder: int, name: str) -> tuple[int | None, str | None]:
    """Return what a name in an open folder is: (descriptor, None) of a folder, (None, target) of a link, or neither."""
    try:
        return os.open(name, _FOLDER, dir_fd=folder), None
    except OSError as error:
        if error.errno not in {errno.ELOOP, errno.ENOTDIR}:
            raise
    try:
        return None, os.readlink(name, dir_fd=folder)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
    return None, None


def split(path: str) -> tuple[str, str]:
    """Return the folder and the name of an absolute path."""
    folder, _, name = path.rpartition("/")
    return folder or "/", name


def rename_if_free(old: str, new: str, folder: int, goal: int | None = None) -> None:
    """Rename within a folder, or into another one, never over another name. Raises FileExistsError, another OSError."""
    goal = folder if goal is None else goal
    if _libc.renameat2(folder, os.fsencode(old), goal, os.fsencode(new), _NOREPLACE) == 0:
        return
    problem = ctypes.get_errno()
    if problem not in {errno.EINVAL, errno.ENOSYS}:
        raise OSError(problem, os.strerror(problem), new)
    _rename_in_steps(old, new, folder, goal)


def _rename_in_steps(old: str, new: str, folder: int, goal: int | None = None) -> None:
    """Do it where the file system has no such call: by a hard link, or else by looking first."""
    goal = folder if goal is None else goal
    try:
        os.link(old, new, src_dir_fd=folder, dst_dir_fd=goal, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        with contextlib.suppress(FileNotFoundError):
            os.stat(new, dir_fd=goal, follow_symlinks=False)
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new) from None
        os.rename(old, new, src_dir_fd=folder, dst_dir_fd=goal)
    else:
        os.unlink(old, dir_fd=folder)
