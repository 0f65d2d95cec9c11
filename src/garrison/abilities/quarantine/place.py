"""Takes a file out of its place and puts one into it, with the rights of whoever asks."""

import contextlib
import hashlib
import os
from collections.abc import Iterable, Iterator

from garrison.abilities.quarantine.record import Identity, Metadata
from garrison.base.errors import Failed, NotFound
from garrison.linux.beneath import folder_without_links, split

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHANGED = "{path} was changed since it was examined; nothing was done."


@contextlib.contextmanager
def opened(path: str, identity: Identity) -> Iterator[int]:
    """Hold the very file open that was examined. Raises OSError; Failed when it is another one by now."""
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        descriptor = os.open(name, _READ, dir_fd=parent)
    try:
        if Identity.of(os.fstat(descriptor)) != identity:
            raise Failed(_CHANGED.format(path=path), "Scan it again.")
        yield descriptor
    finally:
        os.close(descriptor)


def may_remove(path: str) -> bool:
    """Return whether the calling thread may take a name out of a folder, as far as can be told beforehand."""
    return os.access(split(path)[0], os.W_OK | os.X_OK, effective_ids=True)


def remove(path: str, identity: Identity, leftover: str) -> None:
    """Remove the very file that was examined.

    It is first moved to a name that nobody else uses and looked at there, so that a file which was put under the old
    name at the last moment is put back, never deleted. Raises OSError; Failed when it is another file by now.
    """
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        if Identity.of(os.stat(name, dir_fd=parent, follow_symlinks=False)) != identity:
            raise Failed(_CHANGED.format(path=path), "Scan it again.")
        os.rename(name, leftover, src_dir_fd=parent, dst_dir_fd=parent)
        if Identity.of(os.stat(leftover, dir_fd=parent, follow_symlinks=False)) != identity:
            _put_back(parent, leftover, name)
            raise Failed(_CHANGED.format(path=path), "Scan it again.")
        os.unlink(leftover, dir_fd=parent)
        _sync(parent)


def remove_leftover(path: str, identity: Identity, leftover: str) -> None:
    """Finish a removal that was cut short between its two steps. Raises OSError."""
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        try:
            status = os.stat(leftover, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return
        if Identity.of(status) == identity:
            os.unlink(leftover, dir_fd=parent)
        else:
            _put_back(parent, leftover, name)


def _put_back(parent: int, leftover: str, name: str) -> None:
    try:
        os.link(leftover, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        return  # a newer file has the name by now: both stay, neither is lost
    os.unlink(leftover, dir_fd=parent)


def put(path: str, content: Iterable[bytes], sha256: str, metadata: Metadata, temporary: str) -> list[str]:
    """Make a file with the given content and metadata where none is; return what metadata could not be given.

    It appears whole or not at all. Raises OSError; Failed when the content is not what the SHA-256 says or when
    there is a file already; NotFound when the folder is gone.
    """
    folder, name = split(path)
    try:
        with folder_without_links(folder) as parent:
            return _put(parent, name, content, sha256, metadata, temporary)
    except FileNotFoundError as error:
        raise NotFound(f"The folder {folder} does not exist.", "Make it, or name another place with --to.") from error


def _put(
    parent: int, name: str, content: Iterable[bytes], sha256: str, metadata: Metadata, temporary: str
) -> list[str]:
    descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=parent)
    try:
        digest = hashlib.sha256()
        with open(descriptor, "wb", closefd=False) as file:
            for chunk in content:
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise Failed("The copy in quarantine is damaged; nothing was restored.")
        missing = metadata.apply(descriptor)
        os.fsync(descriptor)
        _name(parent, temporary, name)
    finally:
        os.close(descriptor)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=parent)
    _sync(parent)
    return missing


def _name(parent: int, temporary: str, name: str) -> None:
    """Give the finished file its name, never over another. File systems without hard links get a plain rename."""
    try:
        os.link(temporary, name, src_dir_fd=parent, dst_dir_fd=parent, follow_symlinks=False)
    except FileExistsError:
        raise Failed(
            "There is a file of that name already; it was not replaced.", "Name another place with --to."
        ) from None
    except PermissionError:
        try:
            os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
        else:
            raise Failed("There is a file of that name already; it was not replaced.") from None


def _sync(folder: int) -> None:
    """Make the names in a folder durable; O_PATH descriptors cannot be synced, so it is opened anew."""
    with contextlib.suppress(PermissionError):  # a folder that may be written but not read
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
