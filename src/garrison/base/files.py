"""Files that are whole or not there: written beside, synced, and moved into place."""

import contextlib
import errno
import json
import os
import threading
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, GarrisonError, Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FRESH = ".new"


def explain(error: OSError, doing: str, **values: Any) -> GarrisonError:
    """Return the sentence for a failed file operation.

    doing: "write {path}", after the words "could not", with the values for its {names}; without values, as it is.
    """
    if not values and ("{" in doing or "}" in doing):
        doing, values = "{doing}", {"doing": doing}
    sentence = f"Could not {doing}: {{why}}."
    if error.errno in _FULL:
        hint = "Free some space and try again; nothing was changed."
        return Failed(sentence, hint, why="the disk is full", **values)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return Unavailable(sentence, "Check who owns it and whether it may be written.", why=_reason(error), **values)
    return Failed(sentence, why=_reason(error), **values)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def write_atomically(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file by new content, all or nothing, also when the machine loses power.

    Raises what `explain` makes of an OSError; the old file is then intact.
    """
    fresh = path.with_name(f".{path.name}.{threading.get_native_id()}{_FRESH}")
    try:
        fresh.unlink(missing_ok=True)  # of a process that was killed, and whose number came round again
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
        sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise explain(error, "write {path}", path=path) from error


def sweep(folder: Path) -> None:
    """Remove what a kill left behind in the middle of `write_atomically`. Nobody may be writing there."""
    for path in folder.glob(f".*{_FRESH}"):
        if path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any, mode: int = 0o600) -> None:
    """Replace a file by a value as JSON, all or nothing. Names that are no UTF-8 survive as escapes."""
    write_atomically(path, (json.dumps(value, indent=1, ensure_ascii=True) + "\n").encode("ascii"), mode)


def read_json(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises FileNotFoundError when there is none, ValueError when it is damaged, OSError when it cannot be read.
    """
    try:
        return json.loads(path.read_bytes())
    except RecursionError:
        raise ValueError("nested too deeply") from None
