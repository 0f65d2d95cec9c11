"""A set of databases on disk: the files of one folder, and the description that lists them.

    set.json            what it is: format, counts, what the builder said about it, size and SHA-256 of each other file
    rules.yrx           the rules, compiled and serialized by YARA-X
    hashes-sha256.bin   digests of whole objects (see `hashes`); likewise md5 and sha1
    sections-md5.bin    digests of the sections of PE programs; likewise sha1 and sha256
    imports-md5.bin     digests of the imports of PE programs
    allowed-sha256.bin  digests of what is no threat, whatever else is said; likewise md5 and sha1
    listed.json         signatures on what archives list (see `listings`)
    passwords.json      passwords to try, in hexadecimal
    url-pdb.txt         signatures on links, as they are; likewise wdb and gdb
    words.bin           the words that scripts and heuristics are searched for, compiled (see `words`)

and those of the patterns. Only rules.yrx and words.bin are in every set.
"""

import hashlib
import json
import mmap
import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from garrison.base.errors import Failed

FORMAT: Final = 2
SET: Final = "set.json"
RULES: Final = "rules.yrx"
LISTED: Final = "listed.json"
PASSWORDS: Final = "passwords.json"
TABLES: Final = ("hashes", "sections", "imports", "allowed")
_SET_BYTES = 16 * 1024 * 1024
_PIECE = 1024 * 1024


def table_file(table: str, algorithm: str) -> str:
    """Return the name of a table of digests. table: of TABLES."""
    return f"{table}-{algorithm}.bin"


class View:
    """One file in memory. An empty file cannot be mapped, and is no file of a set. Raises OSError, ValueError."""

    def __init__(self, descriptor: int) -> None:
        self._map = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        self.content = memoryview(self._map)

    def rest(self) -> None:
        """Give back the memory of what was read; it is read again when it is wanted."""
        self._map.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Let go of the memory map."""
        self.content.release()
        try:
            self._map.close()
        except BufferError:  # a slice of it lives on in the error that is being raised; the map goes with it
            return


def close_all(views: Iterable[View]) -> None:
    """Let go of several."""
    for view in views:
        view.close()


def unusable(why: str) -> Failed:
    """Return the error for a set that cannot be used."""
    return Failed("The databases cannot be used: {why}.", "Update the databases.", "updates.check", why=why)


def open_views(files: Mapping[str, int]) -> tuple[dict[str, Any], dict[str, View]]:
    """Return the description, and every file it lists in memory; each has the size that it should have.

    files: read-only descriptors by name. Raises Failed.
    """
    description = _description(files)
    views: dict[str, View] = {}
    try:
        for name, told in description["files"].items():
            views[name] = _view(files, name)
            if len(views[name].content) != told["bytes"]:
                raise unusable(f"{name} is damaged")
    except Failed:
        close_all(views.values())
        raise
    return description, views


def check_set(files: Mapping[str, int]) -> None:
    """Read every file of a set, and compare it with its SHA-256. Raises Failed when one is damaged or missing.

    files: read-only descriptors by name; more than the description lists is damage as well.
    """
    description = _description(files)
    for name, told in description["files"].items():
        _status(files, name)
        if _digest(files[name], name) != told["sha256"]:
            raise unusable(f"{name} is damaged")
    more = sorted(set(files) - set(description["files"]) - {SET})
    if more:
        raise unusable(f"{more[0]} does not belong to them")


def size_of_set(files: Mapping[str, int]) -> int:
    """Return the size in bytes that the description tells. Raises Failed."""
    return sum(told["bytes"] for told in _description(files)["files"].values())


def _digest(descriptor: int, name: str) -> str:
    digest = hashlib.sha256()
    offset = 0
    try:
        while piece := os.pread(descriptor, _PIECE, offset):
            digest.update(piece)
            offset += len(piece)
    except OSError as error:
        raise unusable(f"{name} cannot be read") from error
    return digest.hexdigest()


def _status(files: Mapping[str, int], name: str) -> int:
    """Return the size of a file that has to be there."""
    if name not in files:
        raise unusable(f"{name} is missing")
    try:
        size = os.fstat(files[name]).st_size
    except OSError as error:
        raise unusable(f"{name} cannot be read") from error
    if size == 0:
        raise unusable(f"{name} is empty")
    return size


def _view(files: Mapping[str, int], name: str) -> View:
    _status(files, name)
    try:
        return View(files[name])
    except (OSError, ValueError) as error:
        raise unusable(f"{name} cannot be read") from error


def _description(files: Mapping[str, int]) -> dict[str, Any]:
    _status(files, SET)
    try:
        content = os.pread(files[SET], _SET_BYTES, 0)
    except OSError as error:
        raise unusable(f"{SET} cannot be read") from error
    try:
        plain = json.loads(content)
        made_for = plain["format"]
        is_sound = (
            isinstance(plain["about"], dict)
            and isinstance(plain["rules"], int)
            and isinstance(plain["hashes"], dict)
            and RULES in plain["files"]
            and all(_is_told(told) for told in plain["files"].values())
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise unusable(f"{SET} is damaged") from error
    if made_for != FORMAT:
        raise unusable("they were made for another version of Garrison")
    if not is_sound:
        raise unusable(f"{SET} is damaged")
    return dict(plain)


def _is_told(told: Any) -> bool:
    return isinstance(told["sha256"], str) and isinstance(told["bytes"], int)
