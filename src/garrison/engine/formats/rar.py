"""RAR archives: stored members by their headers alone, packed ones through the system's libarchive.

What RAR 1.5 and 2 packed, and solid runs of RAR 3, libarchive does not know: our own decoders unpack them.

Encrypted ones are opened with the usual passwords, and then are as the others. Other streams of a file (NTFS) are
members too: programs have been smuggled in them.
"""

from collections.abc import Iterator
from dataclasses import replace

from garrison.engine.formats import libarchive, rar_3, rar_runs
from garrison.engine.formats.lzh_codes import counted, packed_room
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
from garrison.engine.formats.rar_crypto import Keys
from garrison.engine.formats.rar_headers import SINCE_AES, Entry, entries
from garrison.engine.formats.rar_runs import Runs
from garrison.engine.formats.rar_unlock import END_5, Plain, unlocked
from garrison.engine.formats.reading import Part
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_IS_PART = "not opened: it is spread over several archives"
_PART_ONLY = "only a part was checked: it is spread over several archives"


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    archive = _Archive(source, guard)
    try:
        yield from archive.members()
    except Incomplete as reason:
        archive.remark = reason.remark
    finally:
        archive.close()
    if archive.remark:
        yield Member((), None, archive.remark)


class _Archive:
    """An archive that is read. remark: what is wrong with its list."""

    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self._plain = Plain()
        self._runs = Runs(guard)
        self._reader: libarchive.RarReader | None = None
        self.remark = ""

    def close(self) -> None:
        """Let go of what libarchive holds."""
        if self._reader is not None:
            self._reader.close()

    def members(self) -> Iterator[Member]:
        """Yield the members. Raises Incomplete at a limit, OSError."""
        keys = Keys(self._guard)
        found = self._found(keys)
        whole = self._source
        found.sort(key=lambda entry: entry.is_stream)  # in a plain archive they must not come between solid members
        if any(entry.is_encrypted or entry.is_stream or entry.is_part for entry in found):
            self._plain = unlocked(self._source, self._guard, found, keys)
            whole = self._plain.source
        if libarchive.is_loaded() and any(self._is_packed(*numbered) for numbered in enumerate(found, 1)):
            data = whole.read_at(0, self._guard.limits.total_bytes)
            if len(data) <= self._guard.limits.object_bytes:
                data += END_5  # without an end, libarchive gives no last member of RAR 5
            self._reader = libarchive.RarReader(data)
        is_in_step = self._reader is not None
        for position, entry in enumerate(found, 1):
            self._guard.check()
            is_in_step = is_in_step and self._steps(entry, position)
            if not entry.is_folder:
                yield self._member(entry, position, is_in_step)

    def _found(self, keys: Keys) -> list[Entry]:
        found: list[Entry] = []
        try:
            for entry in entries(self._source, self._guard, keys):
                if len(found) >= 2 * self._guard.limits.members:
                    break
                found.append(entry)
        except Incomplete as reason:
            self.remark = reason.remark
        return found

    def _is_closed(self, entry: Entry, position: int) -> bool:
        is_lost = entry.is_rest and not entry.is_stored
        return is_lost or (entry.is_encrypted and position not in self._plain.opened)

    def _is_packed(self, position: int, entry: Entry) -> bool:
        is_other = entry.is_stored or entry.is_folder or self._is_closed(entry, position)
        return entry.version >= SINCE_AES and not is_other

    def _steps(self, entry: Entry, position: int) -> bool:
        """Have libarchive go on to a member. Return whether it is this one."""
        size = self._reader.next() if self._reader is not None else None
        if size is None:
            return False
        return size == entry.size or entry.size < 0 or entry.is_folder or self._is_empty_there(entry, position)

    def _is_empty_there(self, entry: Entry, position: int) -> bool:
        """Return whether the plain archive has nothing of a member."""
        return self._plain.source.size > 0 and (entry.is_stored or self._is_closed(entry, position))

    def _member(self, entry: Entry, position: int, is_in_step: bool) -> Member:
        name = clean_name(entry.name)
        listed = Listed(name, entry.packed, entry.size, entry.is_encrypted, position, entry.checksum)
        has_content = not entry.is_stored and entry.size
        if has_content:
            is_closed = self._is_closed(entry, position)
            self._runs.add(entry, lambda: self._packed(entry, position), is_closed=is_closed)
        why = self._why_closed(entry, position, is_in_step)
        if why:
            return closed((name,), why, self._guard, listed)
        if not has_content:
            pieces = self._stored(entry, position)
        else:
            its = self._runs.pieces() if self._is_own(entry, is_in_step) else self._by_library(entry)
            pieces = counted(its, self._guard, max(entry.packed, 1))
        member = collect((name,), pieces, self._guard, listed=listed)
        if entry.is_part and member.content is not None and not self._guard.stopped:
            return replace(member, remark=_PART_ONLY)
        return member

    def _is_own(self, entry: Entry, is_in_step: bool) -> bool:
        """Return whether our own decoders unpack it, and nothing else."""
        is_other = entry.version < SINCE_AES or entry.is_solid or not is_in_step
        return is_other and rar_runs.is_known(entry.version)

    def _by_library(self, entry: Entry) -> Iterator[bytes]:
        """Yield what libarchive makes of a member, and our own decoder where that finds damage. Raises Incomplete.

        libarchive is stricter than RAR itself: it refuses codes that are not complete.
        """
        done = 0
        try:
            for piece in self._reader.pieces() if self._reader is not None else ():
                done += len(piece)
                yield piece
        except Incomplete as reason:
            if not rar_runs.is_known(entry.version):
                raise
            yield from self._again(done, reason)

    def _again(self, done: int, reason: Incomplete) -> Iterator[bytes]:
        try:
            for piece in self._runs.pieces():
                yield piece[done:]
                done = max(0, done - len(piece))
        except Incomplete as other:
            raise reason if other.remark == rar_3.PPMD else other from None

    def _packed(self, entry: Entry, position: int) -> bytes:
        if position not in self._plain.opened:
            return self._source.read_at(entry.at, min(entry.packed, packed_room(self._guard)))
        return self._plain.source.read_at(*self._plain.opened[position])

    def _stored(self, entry: Entry, position: int) -> Iterator[bytes]:
        if position not in self._plain.opened:
            return stored(self._source, entry.at, entry.packed if entry.size else 0, self._guard)
        at, length = self._plain.opened[position]
        return stored(Part(self._plain.source, at, length), 0, length if entry.size < 0 else entry.size, self._guard)

    def _why_closed(self, entry: Entry, position: int, is_in_step: bool) -> str:
        if self._is_closed(entry, position):
            return ENCRYPTED if entry.is_encrypted else _IS_PART
        if entry.is_stored or not entry.size or self._is_own(entry, is_in_step):
            return ""
        if entry.version < SINCE_AES:
            return f"not opened: packed by RAR {entry.version / 10}"
        if self._reader is None:
            return libarchive.MISSING
        if not is_in_step:
            return TOO_SHORT if entry.at + entry.packed > self._source.size else CORRUPT
        return ""
