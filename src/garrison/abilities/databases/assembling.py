"""Put a published set together in the compiling process: from whole files, and from updates of the files that are here.

The request is JSON: {"assemble": {"old": path or null, "to": path, "steps": [{"files": {name: {"bytes": n, "sha256":
hex}}, "made": {name: {"form": of `delta.FORMS` or "derived", "path": path}}}, ...]}}. Each step makes a set from
the one before it; the last one is written to the folder. The answer is {"folder": path, "why": ""}, or with why the
files are not what was published; then there is no folder.
"""

import hashlib
import mmap
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from garrison.abilities.databases.delta import DERIVED, MOST_BYTES, SAME, WHOLE, Piece, derived, pieces_of
from garrison.base.errors import Failed
from garrison.base.files import explain, sync_folder
from garrison.engine.patterns.layout import INDEX

_EMPTY: Final = memoryview(b"")


def assemble(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the request asks, and return the answer. Raises what `explain` makes of an OSError."""
    to, old = Path(request["to"]), None if request["old"] is None else Path(request["old"])
    between = [to.with_name(f"{to.name}.step-{number}") for number in range(len(request["steps"]) - 1)]
    try:
        for step, folder in zip(request["steps"], [*between, to], strict=True):
            folder.mkdir(mode=0o700)
            for name in sorted(step["files"], key=lambda name: step["made"][name]["form"] == DERIVED):
                _make(folder / name, step["files"][name], step["made"][name], old)
            if old in between:
                shutil.rmtree(old)
            old = folder
        sync_folder(to)
    except OSError as error:
        shutil.rmtree(to, ignore_errors=True)
        raise explain(error, "put the databases together") from error
    except Failed as error:
        shutil.rmtree(to, ignore_errors=True)
        return {"folder": str(to), "why": error.text}
    finally:
        for folder in between:
            shutil.rmtree(folder, ignore_errors=True)
    return {"folder": str(to), "why": ""}


def _make(path: Path, told: Mapping[str, Any], made: Mapping[str, str], old: Path | None) -> None:
    """Make one file, and compare it with its digest. Raises Failed, OSError."""
    before = None if old is None or made["form"] == WHOLE else old / path.name
    if made["form"] == SAME:
        assert before is not None
        _repeat(before, path)
        return
    if made["form"] == DERIVED:
        before = path.with_name(INDEX)
    digest = hashlib.sha256()
    with _mapped(before) as view, open(os.open(path, _FLAGS, 0o400), "wb") as file:
        for piece in _pieces(path.name, view, told, made):
            digest.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if digest.hexdigest() != told["sha256"]:
        raise Failed("{name} did not become what was published.", name=path.name)


def _pieces(name: str, view: memoryview, told: Mapping[str, Any], made: Mapping[str, str]) -> Iterable[Piece]:
    if made["form"] == DERIVED:
        return [derived(name, view)]
    return pieces_of(made["form"], name, view, Path(made["path"]).read_bytes(), told["bytes"])


_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


def _repeat(before: Path, path: Path) -> None:
    """Have the same file under two names; where a disk knows no second name, a copy. Whoever uses it compares it."""
    try:
        os.link(before, path, follow_symlinks=False)
    except FileNotFoundError as error:
        raise Failed("{name} is missing.", name=path.name) from error
    except OSError:
        shutil.copyfile(before, path, follow_symlinks=False)


@contextmanager
def _mapped(path: Path | None) -> Iterator[memoryview]:
    """Give a file's content; nothing without a path."""
    if path is None:
        yield _EMPTY
        return
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError as error:
        raise Failed("{name} cannot be read.", name=path.name) from error
    with open(descriptor, "rb") as file:
        if not 0 < os.fstat(file.fileno()).st_size <= MOST_BYTES:
            raise Failed("{name} is no file to update.", name=path.name)
        yield memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
