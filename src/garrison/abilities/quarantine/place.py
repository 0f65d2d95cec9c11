"""Takes a file out of its place and puts one into it, with the rights of whoever asks."""

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from garrison.abilities.quarantine.coding import pour
from garrison.abilities.quarantine.record import Identity, Metadata
from garrison.base.errors import Failed, NotFound
from garrison.linux.beneath import folder_without_links, real_path, rename_if_free, split

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHANGED = "{path} was changed since it was examined; nothing was done."


@contextlib.contextmanager
def opened(path: str, identity: Identity, exactly: bool = True) -> Iterator[int]:
    """Hold the very file open that was examined. Raises OSError; Failed when it is another one by now.

    exactly: also when anything at all about it was changed. Else its content has to be compared: times can be forged.
    """
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        descriptor = os.open(name, _READ, dir_fd=parent)
    try:
        found = Identity.of(os.fstat(descriptor))
        if found != identity if exactly else not found.is_same(identity):
            raise changed(path)
        yield descriptor
    finally:
        os.close(descriptor)


def opened_examined(path: str, identity: Identity) -> int:
    """Return the very file that was examined, open for reading; the caller closes it. Raises OSError, Failed."""
    with opened(path, identity) as descriptor:
        return os.dup(descriptor)


def may_remove(path: str) -> bool:
    """Return whether the calling thread may take a name out of a folder, as far as can be told beforehand."""
    return os.access(split(path)[0], os.W_OK | os.X_OK, effective_ids=True)


class Step(Enum):
    """How far a removal came."""

    NONE = 0
    MOVED = 1
    DONE = 2


@dataclass(slots=True)
class Removal:
    """Removes the very file that was examined.

    It is first moved to a name that nobody else uses and looked at there, so that a file which was put under the old
    name at the last moment is put back, never deleted. step: how far it came, also when it was not waited for.
    """

    path: str
    identity: Identity
    leftover: str
    step: Step = Step.NONE

    def run(self) -> None:
        """Do it. Raises OSError; Failed when it is another file by now."""
        folder, name = split(self.path)
        with folder_without_links(folder) as parent:
            if _identity(parent, name) != self.identity:
                raise changed(self.path)
            os.rename(name, self.leftover, src_dir_fd=parent, dst_dir_fd=parent)
            self.step = Step.MOVED
            if not self.identity.is_same(_identity(parent, self.leftover)):
                self.step = Step.NONE
                self._give_back(parent, name)
                raise changed(self.path)
            self._unlink(parent, name)
            self.step = Step.DONE
            _sync(parent)

    def _unlink(self, parent: int, name: str) -> None:
        try:
            os.unlink(self.leftover, dir_fd=parent)
        except FileNotFoundError:  # gone already: as good
            return
        except OSError:
            rename_if_free(self.leftover, name, parent)
            self.step = Step.NONE
            raise

    def _give_back(self, parent: int, name: str) -> None:
        """Put a stranger's file back. If its name was taken again meanwhile, both stay: neither is ours to delete."""
        try:
            rename_if_free(self.leftover, name, parent)
        except FileExistsError:
            kept = f"{split(self.path)[0]}/{self.leftover}"
            raise Failed(
                "{path} was changed twice meanwhile; one version of it is now {kept}.", path=self.path, kept=kept
            ) from None


def finish_removal(path: str, identity: Identity, leftover: str) -> None:
    """Finish a removal that was cut short between its two steps. Raises OSError."""
    folder, name = split(path)
    with folder_without_links(folder) as parent:
        found = _identity(parent, leftover)
        if identity.is_same(found):
            os.unlink(leftover, dir_fd=parent)
        elif found is not None:
            with contextlib.suppress(FileExistsError):
                rename_if_free(leftover, name, parent)


def is_there(path: str, identity: Identity) -> bool:
    """Return whether the very file that was examined still has its name."""
    try:
        return identity.is_same(Identity.of(os.lstat(path)))
    except OSError:
        return False


def _identity(parent: int, name: str) -> Identity | None:
    try:
        return Identity.of(os.stat(name, dir_fd=parent, follow_symlinks=False))
    except FileNotFoundError:
        return None


def changed(path: str) -> Failed:
    """Return what to say of a file that is not the examined one any more."""
    return Failed(_CHANGED.format(path=path), "Scan it again.")


def destination(original: str, to: str) -> str:
    """Return where a file goes back to. Links are followed only in a place that a person names for it.

    The folder that it came from had no link in its path; one that is there by now may be a trap. Raises OSError;
    NotFound when there is no such folder, Failed when it lies in /proc.
    """
    if not to:
        return original
    folder, name = split(to.rstrip("/"))
    try:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            return os.path.join(_folder(to), split(original)[1])
        return os.path.join(_folder(folder), name)
    except FileNotFoundError as error:
        raise _no_folder(folder) from error


def _folder(path: str) -> str:
    """Return the real path of a folder. Raises NotADirectoryError for anything else, OSError, Failed."""
    real = real_path(path)
    if not os.path.isdir(real):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
    return real


def _no_folder(folder: str) -> NotFound:
    return NotFound("The folder {folder} does not exist.", "Make it, or name another place with --to.", folder=folder)


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
        raise _no_folder(folder) from error
    except FileExistsError as error:
        hint = "Name another place with --to."
        raise Failed(
            "There is something of the name {path} already; it was not replaced.", "{advice}", path=path, advice=hint
        ) from error


def _put(
    parent: int, name: str, content: Iterable[bytes], sha256: str, metadata: Metadata, temporary: str
) -> list[str]:
    if _identity(parent, name) is not None:
        raise FileExistsError
    descriptor = os.open(temporary, _CREATE, 0o600, dir_fd=parent)
    try:
        pour(content, descriptor, sha256)
        missing = metadata.apply(descriptor)
        os.fsync(descriptor)
        rename_if_free(temporary, name, parent)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=parent)
        raise
    finally:
        os.close(descriptor)
    _sync(parent)
    return missing


def discard_unfinished(path: str) -> None:
    """Remove what a restore that was cut short left beside its goal. Raises OSError, Failed."""
    folder, name = split(path)
    with folder_without_links(folder) as parent, contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=parent)


def _sync(folder: int) -> None:
    """Make the names in a folder durable, best effort; O_PATH descriptors cannot be synced, so it is opened anew."""
    with contextlib.suppress(OSError):  # such as a folder that may be written but not read
        descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
