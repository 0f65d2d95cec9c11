"""RAR archives: stored members by their headers alone, packed ones through the system's libarchive."""

from collections.abc import Iterator

from garrison.engine.formats import libarchive
from garrison.engine.formats.lzh_codes import counted
from garrison.engine.formats.opener import (
    CORRUPT,
    ENCRYPTED,
    TOO_SHORT,
    Listed,
    Member,
    clean_name,
    closed,
    collect,
    stored,
)
from garrison.engine.formats.rar_headers import Entry, entries
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_OLDEST = 29  # the packing of RAR 3; libarchive knows no older one
_IS_PART = "not opened: it is spread over several archives"


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    found: list[Entry] = []
    remark = ""
    try:
        found.extend(_some(source, guard))
    except _Ended as reason:
        found, remark = reason.found, reason.remark
    reader = _reader(source, guard, found)
    try:
        yield from _opened(source, guard, found, reader)
    except Incomplete as reason:
        remark = reason.remark
    finally:
        if reader is not None:
            reader.close()
    if remark:
        yield Member((), None, remark)


class _Ended(Exception):  # no error of ours: what was read of the list, and why no more
    def __init__(self, found: list[Entry], remark: str) -> None:
        super().__init__(remark)
        self.found = found
        self.remark = remark


def _some(source: Source, guard: Guard) -> Iterator[Entry]:
    found: list[Entry] = []
    try:
        for entry in entries(source, guard):
            if len(found) >= 2 * guard.limits.members:
                break
            found.append(entry)
    except Incomplete as reason:
        raise _Ended(found, reason.remark) from reason
    yield from found


def _reader(source: Source, guard: Guard, found: list[Entry]) -> libarchive.RarReader | None:
    """Return a reader when there is something for it."""
    if not libarchive.is_loaded() or not any(_is_packed(entry) for entry in found):
        return None
    return libarchive.RarReader(source.read_at(0, guard.limits.total_bytes))


def _is_packed(entry: Entry) -> bool:
    return entry.version >= _OLDEST and not (entry.is_stored or entry.is_encrypted or entry.is_part or entry.is_folder)


def _opened(source: Source, guard: Guard, found: list[Entry], reader: libarchive.RarReader | None) -> Iterator[Member]:
    is_in_step = reader is not None
    for position, entry in enumerate(found, 1):
        guard.check()
        if reader is not None and is_in_step:
            size = reader.next()
            is_in_step = size is not None and (size == entry.size or entry.size < 0 or entry.is_folder)
        if entry.is_folder:
            continue
        name = clean_name(entry.name)
        listed = Listed(name, entry.packed, entry.size, entry.is_encrypted, position, entry.checksum)
        if entry.is_encrypted or entry.is_part:
            yield closed((name,), ENCRYPTED if entry.is_encrypted else _IS_PART, guard, listed)
        elif entry.is_stored or not entry.size:
            yield collect(
                (name,), stored(source, entry.at, entry.packed if entry.size else 0, guard), guard, listed=listed
            )
        elif entry.version < _OLDEST:
            why = f"not opened: packed by RAR {entry.version / 10}"
            yield closed((name,), why, guard, listed)
        elif reader is None:
            yield closed((name,), libarchive.MISSING, guard, listed)
        elif not is_in_step:
            yield closed((name,), TOO_SHORT if entry.at + entry.packed > source.size else CORRUPT, guard, listed)
        else:
            yield collect((name,), counted(reader.pieces(), guard, max(entry.packed, 1)), guard, listed=listed)
