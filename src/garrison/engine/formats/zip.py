"""The zip format: APPNOTE.TXT 6.3.10 (PKWARE).

First what the central directory lists, then every local header in the bytes that no listed member covers: members that
the list hides, zips put before this one, and all members when the list is lost.
"""

import dataclasses
import zlib
from collections.abc import Callable, Iterator

from garrison.engine.formats import implode, zip_crypto
from garrison.engine.formats.deflate64 import Inflating
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
from garrison.engine.formats.unpack import (
    Decoder,
    Inflater,
    Unpacking,
    bzip2_decoder,
    raw_lzma,
    xz_decoder,
    zstd_decoder,
)
from garrison.engine.formats.zip_directory import (
    CENTRAL,
    DESCRIPTOR,
    LOCAL,
    Entries,
    Entry,
    find,
    find_directory,
    local_entry,
)
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_STORED, _SHRUNK, _IMPLODED, _DEFLATE64, _LZMA, _AES = 0, 1, 6, 9, 14, 99
_OWN = {_SHRUNK, _IMPLODED, _DEFLATE64}  # by decoders of our own
_LZMA_HEADER = 9  # 5.8.8: version, length of the properties, properties
_METHODS: dict[int, Callable[[], Decoder]] = {  # 4.4.5
    8: Inflater,
    12: bzip2_decoder,
    20: zstd_decoder,  # its number before 6.3.8
    93: zstd_decoder,
    95: xz_decoder,
}
_NO_LIST = "damaged: its list of members cannot be read"


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the files inside; folders are left out. Checksums are not compared. Raises OSError."""
    return _Reader(source, guard).members()


class _Reader:
    def __init__(self, source: Source, guard: Guard) -> None:
        self._source = source
        self._guard = guard
        self._seen: set[int] = set()
        self._covered: list[tuple[int, int]] = []
        self._position = 0

    def members(self) -> Iterator[Member]:
        directory = find_directory(self._source)
        is_damaged = directory is None
        if directory is not None:
            entries = Entries(self._source, directory)
            for entry in entries:
                yield from self._listed(entry)
                if self._guard.stopped:
                    break
            is_damaged = entries.is_damaged
            self._covered.append((directory.start, directory.start + directory.length))
        if is_damaged:
            yield Member((), None, _NO_LIST)
        for start, end in list(self._gaps()):
            yield from self._walk(start, end)
        if self._guard.stopped:
            yield Member((), None, self._guard.stopped)

    def _listed(self, entry: Entry) -> Iterator[Member]:
        """Yield a member of the list. Entries that share a local header are one member: the others add nothing."""
        if entry.at in self._seen or not self._is_in_time():
            return
        self._seen.add(entry.at)
        local = local_entry(self._source, entry.at)
        if local is None:
            if entry.packed or entry.size:
                yield closed((clean_name(entry.name),), CORRUPT, self._guard)
            return
        start = entry.at + local.header
        if _is_folder(entry):
            self._covered.append((entry.at, start))
            return
        member, behind = self._member(entry, local, start, entry.packed)
        self._covered.append((entry.at, behind if behind <= self._source.size else start))
        yield member
        if local.method != entry.method and not self._guard.stopped:
            # Some programs go by the one header, some by the other: what either would unpack is checked.
            yield self._member(local, local, start, entry.packed)[0]

    def _is_in_time(self) -> bool:
        try:
            self._guard.check()
        except Incomplete:
            return False
        return True

    def _gaps(self) -> Iterator[tuple[int, int]]:
        at = 0
        for start, end in sorted(self._covered):
            if start - at >= 30:
                yield at, start
            at = max(at, end)
        if self._source.size - at >= 30:
            yield at, self._source.size

    def _walk(self, at: int, end: int) -> Iterator[Member]:
        """Yield what local headers between two offsets tell."""
        while self._is_in_time():
            at = find(self._source, LOCAL, at, end)
            if at < 0:
                return
            entry = local_entry(self._source, at)
            if entry is None or at in self._seen or not entry.name:
                at += 4
                continue
            start = at + entry.header
            if _is_folder(entry) and not entry.has_descriptor:
                at = start
                continue
            member, behind = self._member(entry, entry, start, self._length(entry, start))
            yield member
            is_sound = member.content is not None and member.remark in {"", self._guard.size_remark}
            at = behind if is_sound or entry.is_encrypted else at + 4

    def _length(self, entry: Entry, start: int) -> int | None:
        """Return the packed length of a member that only its local header tells of; None when its end tells."""
        if not entry.has_descriptor or entry.packed:
            return entry.packed
        if entry.method != _STORED:
            return None
        end = self._source.size
        for mark in (LOCAL, DESCRIPTOR, CENTRAL):  # the nearest: each is looked for before the one found so far
            found = find(self._source, mark, start, end)
            end = found if found >= 0 else end
        return end - start

    def _member(self, entry: Entry, local: Entry, start: int, length: int | None) -> tuple[Member, int]:
        """Return a member and the offset behind it. Only what both headers call encrypted is taken to be."""
        is_locked = (entry.is_encrypted and local.is_encrypted) or entry.method == _AES
        self._position += 1
        size = entry.size if entry.size or not entry.has_descriptor else -1
        packed = -1 if length is None else length
        name = clean_name(entry.name)
        checksum = entry.checksum if size >= 0 else -1
        listed = Listed(name, packed, size, is_locked, self._position, checksum)
        behind = start + (length or 0)
        if is_locked:
            try:
                return self._locked(entry, local, start, length, listed), behind
            except Incomplete as reason:
                return closed((name,), reason.remark, self._guard, listed), behind
        return _unpacked(self._source, self._guard, entry, start, length, listed)

    def _locked(self, entry: Entry, local: Entry, start: int, length: int | None, listed: Listed) -> Member:
        """Return an encrypted member, opened when one of the usual passwords fits. Raises Incomplete."""
        for plain, method in self._plain(entry, local, start, length or 0):
            bare = dataclasses.replace(entry, method=method, flags=entry.flags & ~1, packed=len(plain))
            member, _ = _unpacked(Source(plain), self._guard, bare, 0, len(plain), listed)
            is_sound = member.content is not None and not member.remark
            if self._guard.stopped or member.remark in {self._guard.size_remark, self._guard.ratio_remark}:
                return member
            if is_sound and (entry.method == _AES or zlib.crc32(member.content or b"") == entry.checksum):
                return member
        return closed((listed.name,), ENCRYPTED, self._guard, listed)

    def _plain(self, entry: Entry, local: Entry, start: int, length: int) -> Iterator[tuple[bytes, int]]:
        """Yield what the passwords that may be right decrypt to, and the method it is packed by."""
        if entry.method == _AES:
            told = entry.aes or local.aes
            if told is not None and length <= self._guard.limits.object_bytes:
                data = self._source.read_at(start, length)
                plain = zip_crypto.aes(data, told[0], self._guard)
                if plain is not None:
                    yield plain, told[1]
        elif length <= zip_crypto.TRADITIONAL_BYTES:
            checks = {entry.checksum >> 24, local.checksum >> 24}
            checks = {local.stamp >> 8, entry.stamp >> 8} if local.has_descriptor else checks
            data = self._source.read_at(start, length)
            for plain in zip_crypto.traditional(data, checks, self._guard):
                yield plain, entry.method


def _unpacked(  # what one packed run is
    source: Source, guard: Guard, entry: Entry, start: int, length: int | None, listed: Listed
) -> tuple[Member, int]:
    """Return the member in a packed run, and the offset behind it."""
    names = (listed.name,)
    behind = start + (length or 0)
    if entry.method == _STORED:
        return collect(names, stored(source, start, length or 0, guard), guard, listed=listed), behind
    if entry.method in _OWN:
        return _own(source, guard, entry, start, length, listed)
    make = _METHODS.get(entry.method)
    if entry.method == _LZMA:
        make = _lzma_decoder(source.read_at(start, _LZMA_HEADER), guard.limits.object_bytes)
        start += _LZMA_HEADER
        length = None if length is None else max(0, length - _LZMA_HEADER)
    if make is None:
        return closed(names, f"not opened: packed by method {entry.method}", guard, listed), behind
    run = Unpacking(source, guard, make, start, length)
    if entry.method == _LZMA:
        run.enough = entry.size  # LZMA data may have no end mark (4.4.4, bit 1)
    member = collect(names, run, guard, listed=listed)
    return member, behind if member.remark else run.end


def _own(
    source: Source, guard: Guard, entry: Entry, start: int, length: int | None, listed: Listed
) -> tuple[Member, int]:
    """Return a member that a decoder of our own unpacks, and the offset behind it."""
    most = packed_room(guard)
    data = source.read_at(start, most if length is None else min(length, most))
    behind = start + (length or 0)
    inflating = Inflating(data)
    if entry.method == _DEFLATE64:
        pieces = iter(inflating)
    elif entry.method == _IMPLODED:
        pieces = implode.explode(data, entry.flags, entry.size)
    else:
        pieces = implode.unshrink(data, entry.size)
    member = collect(
        (listed.name,), counted(_whole(pieces, data, length), guard, max(len(data), 1)), guard, listed=listed
    )
    return member, start + inflating.used if inflating.used else behind


def _whole(pieces: Iterator[bytes], data: bytes, length: int | None) -> Iterator[bytes]:
    """Yield pieces; damage where the packed data was cut is named as a cut. Raises Incomplete."""
    try:
        yield from pieces
    except Incomplete as reason:
        raise Incomplete(TOO_SHORT if length is not None and len(data) < length else reason.remark) from reason


def _is_folder(entry: Entry) -> bool:
    """Return whether it is a folder's entry, with sizes that can be told; nothing, packed by DEFLATE, is two bytes."""
    return entry.name.endswith(b"/") and entry.packed <= 2


def _lzma_decoder(untrusted: bytes, most: int) -> Callable[[], Decoder] | None:
    """Return the decoder maker for the properties before LZMA data (5.8.8), or None when they are nonsense."""
    return raw_lzma(untrusted[4:9], most) if untrusted[2:4] == b"\x05\x00" else None
