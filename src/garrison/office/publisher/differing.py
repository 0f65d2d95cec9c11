"""Makes small updates of a set's files, in the forms that `abilities.databases.delta` tells."""

import struct
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise

from backports import zstd

from garrison.abilities.databases.delta import (
    DELTA_MAGIC,
    MOST_BYTES,
    PARTS,
    PATCH,
    TABLE,
    algorithm_of,
    follow_records,
)
from garrison.abilities.databases.index_delta import (
    COUNTS,
    INDEX_MAGIC,
    layout_of,
    renumbering,
    told_apart,
)
from garrison.engine.hashes import ALGORITHMS, FOOT, NAME, PLACES, read_parts

_LEVEL = 19
_FAST_LEVEL = 12
_SMALL_BYTES = 8 * 1024 * 1024  # what is larger takes too long at the highest level
_NEAR = 1000  # records
_HEADER = struct.Struct(f"<8s{len(PARTS)}L")
_SMALLEST_PREFIX = 8
_PLAIN_WINDOW = 27


def packed(content: bytes | memoryview, level: int = _LEVEL) -> bytes:
    """Return a file as one zstd frame."""
    size = max(len(content) - 1, 1).bit_length()
    return zstd.compress(
        content,
        options={
            zstd.CompressionParameter.compression_level: level,
            zstd.CompressionParameter.window_log: min(max(size, 10), _PLAIN_WINDOW),
        },
    )


def best_update(name: str, old: memoryview, new: memoryview) -> tuple[str, bytes] | None:
    """Return the smallest update from the old file to the new one, and its form; None when there is none."""
    found: list[tuple[str, bytes]] = []
    if algorithm_of(name):
        table = table_update(algorithm_of(name), old, new)
        if table is not None:
            found.append((TABLE, table))
    elif _SMALLEST_PREFIX <= len(old) <= MOST_BYTES and len(new) <= MOST_BYTES:
        found.append((PATCH, patch(old, new)))
    return min(found, key=lambda entry: len(entry[1])) if found else None


def patch(old: memoryview | bytes, new: memoryview | bytes) -> bytes:
    """Return a zstd frame that needs the old file as its prefix."""
    window = max(len(old) + len(new), 1024).bit_length()
    parameter = zstd.CompressionParameter
    return zstd.compress(
        new,
        options={
            parameter.compression_level: _LEVEL if len(new) <= _SMALL_BYTES else _FAST_LEVEL,
            parameter.window_log: min(window, 31),
            parameter.enable_long_distance_matching: 1,
        },
        zstd_dict=zstd.ZstdDict(old, is_raw=True).as_prefix,
    )


def index_update(indices: tuple[memoryview, memoryview], records: tuple[memoryview, memoryview]) -> bytes | None:
    """Return the update of an index of patterns, None when one is not laid out as it should be.

    indices, records: the old and the new file of each.
    """
    try:
        old, new = (_split(index, content) for index, content in zip(indices, records, strict=True))
        removed, added = _between(old, new)
        prefix = told_apart(indices[0], renumbering(len(old), removed, added))
        frame = patch(prefix, told_apart(indices[1]))
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, struct.error):
        return None
    return INDEX_MAGIC + COUNTS.pack(len(removed), len(added)) + _gaps(removed) + _gaps(added) + frame


def _split(index: memoryview, content: memoryview) -> list[bytes]:
    """Return the records of patterns."""
    found = layout_of(index)
    offsets = struct.unpack_from(f"<{found.records + 1}Q", index, found.offsets)
    return [bytes(content[start:end]) for start, end in pairwise(offsets)]


def _between(old: list[bytes], new: list[bytes]) -> tuple[list[int], list[int]]:
    """Return the places of old records that go, and of new ones that come; the others keep their order."""
    places = {record: number for number, record in reversed(list(enumerate(old)))}
    kept, added, last = set(), [], -1
    for number, record in enumerate(new):
        place = places.get(record, -1)
        if last < place <= last + _NEAR:
            kept.add(place)
            last = place
        else:
            added.append(number)
    return [number for number in range(len(old)) if number not in kept], added


@dataclass(slots=True)
class _Names:
    """How the new names come from the old ones. copies: begin, copied, added, in turn. added: the new names."""

    copies: list[list[int]] = field(default_factory=list)
    added: list[bytes] = field(default_factory=list)

    def copy(self, begin: int, length: int) -> None:
        """Take a name from the old ones."""
        last = self.copies[-1] if self.copies else None
        if last is not None and not last[2] and last[0] + last[1] == begin:
            last[1] += length
        else:
            self.copies.append([begin, length, 0])

    def add(self, name: bytes) -> None:
        """Take a new name."""
        if not self.copies:
            self.copies.append([0, 0, 0])
        self.copies[-1][2] += len(name)
        self.added.append(name)


def _entries(threats: memoryview) -> Iterator[tuple[int, bytes]]:
    """Yield each name of a table with its place."""
    content = bytes(threats)
    at = 0
    while at < len(content):
        _, length = NAME.unpack_from(content, at)
        end = at + NAME.size + length
        yield at, content[at:end]
        at = end


def _compare(old: memoryview, new: memoryview) -> _Names:
    """Find the new names among the old ones, in long runs.

    A single name that lies further ahead is taken as a new one: records follow the runs, and it would lead them astray.
    """
    first: dict[bytes, int] = {}
    follows: dict[int, bytes] = {}
    for at, entry in _entries(old):
        first.setdefault(entry, at)
        follows[at] = entry
    names = _Names()
    cursor = 0
    for (_, entry), (_, after) in pairwise(chain(_entries(new), [(0, b"")])):
        if follows.get(cursor) != entry:
            at = first.get(entry, -1)
            if at < 0 or (at < cursor and follows.get(at + len(entry)) != after):
                names.add(entry)
                continue
            cursor = at
        names.copy(cursor, len(entry))
        cursor += len(entry)
    return names


def table_update(algorithm: str, old: memoryview, new: memoryview) -> bytes | None:
    """Return what changed between two tables of digests; None when one of them is no such table."""
    length = ALGORITHMS[algorithm]
    try:
        was, now = read_parts(length, old), read_parts(length, new)
        names = _compare(was.threats, now.threats)
    except (ValueError, struct.error):
        return None
    copies = [number for triple in names.copies for number in triple]
    followed = follow_records(length, was.records, copies)
    changes = _changes(length, followed, bytes(now.records))
    parts = {
        "foot": bytes(new[len(new) - FOOT.size :]),
        "lists": bytes(now.lists),
        "copies": array("I", copies).tobytes(),
        "names": b"".join(names.added),
        **changes,
    }
    header = _HEADER.pack(DELTA_MAGIC, *(len(parts[name]) for name in PARTS))
    return packed(header + b"".join(parts[name] for name in PARTS))


def _changes(length: int, old: bytes, new: bytes) -> dict[str, bytes]:
    """Compare sorted records. old: with their threats where the copies bring them."""
    step = length + PLACES.size
    was = _keyed(old, step)
    now = _keyed(new, step)
    removed = [number for number, key in enumerate(was) if key not in now]
    added = [(number, key) for number, key in enumerate(now) if key not in was]
    moved = [(number, threat) for number, (key, threat) in enumerate(now.items()) if was.get(key, threat) != threat]
    return {
        "removed": _gaps(removed),
        "added": _gaps(number for number, _ in added),
        "digests": b"".join(key[:length] for _, key in added),
        "sizes": b"".join(key[length:] for _, key in added),
        "threats": b"".join(now[key] for _, key in added),
        "moved": _gaps(number for number, _ in moved),
        "moved_threats": b"".join(threat for _, threat in moved),
    }


def _keyed(records: bytes, step: int) -> dict[bytes, bytes]:
    """Return the threat's place by digest and size, in order."""
    return {records[at : at + step - 4]: records[at + step - 4 : at + step] for at in range(0, len(records), step)}


def _gaps(places: Iterable[int]) -> bytes:
    found = array("I")
    last = 0
    for place in places:
        found.append(place - last)
        last = place
    return found.tobytes()
