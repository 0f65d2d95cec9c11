"""Tries an installed version before anything depends on it: on a home of its own, which is thrown away."""

import asyncio
import json
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from garrison.abilities.application.running import Ended, run
from garrison.base.errors import Failed
from garrison.base.files import explain
from garrison.base.text import printable

PREFIX = ".trial-"
_SECONDS = 240.0
_DATABASES = "databases"


async def attempt(python: Path, version: str, home: Path, folder: Path) -> tuple[str, ...]:
    """Have a version start a suite of its own that opens the databases and finds the test file, and end it.

    python: its interpreter. home: whose databases it is to open, as links to the same files. folder: where the trial
    takes place. Returns the names of the home's folders whose form this version would change. Raises Failed with what
    is wrong, and what `explain` makes of an OSError.
    """
    try:
        place = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as error:
        raise explain(error, "make a folder in {path}", path=folder) from error
    try:
        await asyncio.to_thread(_lend_databases, home, place)
        environment = {"GARRISON_HOME": str(place), "HOME": str(place)}
        command = [str(python), "-X", "utf8", "-I", "-m", "garrison.cli"]
        told = await run([*command, "--version"], environment, _SECONDS)
        if told.code != 0 or version not in told.out.decode("utf-8", "replace").split():
            raise Failed(_why(told) or "It is not the version that it should be.")
        tested = await run([*command, "self-test", "--json"], environment, _SECONDS)
        await run([*command, "stop"], environment, _SECONDS)  # else it would end some seconds later
        if tested.code != 0:
            raise Failed(_why(tested) or "It does not find the test file.")
        return await asyncio.to_thread(_changes, home, place)
    except OSError as error:
        raise explain(error, "try the new version") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


def _lend_databases(home: Path, place: Path) -> None:
    """Give the trial the sets in use: as further names of the same files, which nobody writes to."""
    source, target = home / _DATABASES, place / _DATABASES
    target.mkdir(mode=0o700)
    for path in source.iterdir():
        if path.is_symlink():
            (target / path.name).symlink_to(path.readlink())
            held = path.resolve()
            if held.parent == source and not (target / held.name).exists():
                shutil.copytree(held, target / held.name, copy_function=_linked)
    for name in ("version", "built-from", "history.json"):
        with suppress(FileNotFoundError):
            shutil.copy(source / name, target / name)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a disk that knows one name for each file
        shutil.copy(source, target)


def _changes(home: Path, place: Path) -> tuple[str, ...]:
    """Return the folders that are of an older form in this home than in that of the trial."""
    before = forms(home)
    return tuple(name for name, form in sorted(forms(place).items()) if name in before and form > before[name])


def forms(home: Path) -> dict[str, tuple[int, int]]:
    """Return the form of each folder of a home: the number in its version file, and that of its database."""
    found = {}
    for marker in home.glob("*/version"):
        with suppress(OSError, ValueError):
            found[marker.parent.name] = (int(marker.read_text("ascii")), _form_of_database(marker.parent))
    return found


def _form_of_database(folder: Path) -> int:
    """Return the highest number of a database's form; what was written last may not be in its own file yet (WAL)."""
    found = [0]
    for path in folder.glob("*.sqlite3"):
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found.append(int(connection.execute("PRAGMA user_version").fetchone()[0]))
    return max(found)


def _why(ended: Ended) -> str:
    """Return what the command line said of its trouble, "" for nothing."""
    return said(ended.out) or printable(ended.last_words())


def said(out: bytes) -> str:
    """Return the sentence in an answer as JSON that tells why it failed, "" when there is none."""
    try:
        told: Any = json.loads(out)
        error = told.get("error")
        text = error["text"] if error else told.get("why") or ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return ""
    return printable(str(text))[:300]
