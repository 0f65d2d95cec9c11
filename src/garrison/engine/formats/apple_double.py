"""AppleSingle and AppleDouble, RFC 1740, appendices A and B: the parts of a Macintosh file by a table of entries.

AppleSingle holds a whole file. AppleDouble holds all but the data fork; it is the ._NAME beside NAME on foreign disks
and in zips from macOS, which keeps extended attributes in it behind the Finder's 32 bytes.
"""

from collections.abc import Iterator

from garrison.engine.formats.opener import NAME_CHARS, TOO_SHORT, Member, clean_name, collect, part_name, stored
from garrison.engine.formats.reading import Extent, take, told
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_HEAD = 26
_ENTRY = 12
_DATA, _RESOURCES, _REAL_NAME, _FINDER_INFO = 1, 2, 3, 9
_FINDER_BYTES = 32
_OPENED = {_DATA: "", _RESOURCES: "resource fork", _FINDER_INFO: "extended attributes"}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the forks of the file, and its extended attributes when it has some. Raises OSError."""
    return told(_members(source, guard, name))


def _members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    guard.check()
    count = int.from_bytes(take(source, 0, _HEAD, guard)[24:], "big")
    table = source.read_at(_HEAD, count * _ENTRY)
    guard.grew(len(table))
    entries = [_entry(table[at : at + _ENTRY]) for at in range(0, len(table) - _ENTRY + 1, _ENTRY)]
    text = _real_name(source, entries) or name.rsplit("/", 1)[-1].removeprefix("._") or "content"
    done: set[Extent] = set()
    for kind, start, length in entries:
        is_empty = length <= 0 and kind != _DATA
        if kind in _OPENED and not is_empty and (start, length) not in done:
            guard.check()
            done.add((start, length))
            part = part_name(text, _OPENED[kind]) if kind != _DATA else text
            yield collect((part,), stored(source, start, length, guard), guard)
    if len(entries) < count:
        raise Incomplete(TOO_SHORT)


def _entry(field: bytes) -> tuple[int, int, int]:
    """Return an entry's kind, offset and length; of the Finder's, what follows its own words."""
    kind, start, length = (int.from_bytes(field[at : at + 4], "big") for at in (0, 4, 8))
    own = _FINDER_BYTES if kind == _FINDER_INFO else 0
    return kind, start + own, length - own


def _real_name(source: Source, entries: list[tuple[int, int, int]]) -> str:
    for kind, start, length in entries:
        if kind == _REAL_NAME and length:
            return clean_name(source.read_at(start, min(length, NAME_CHARS * 4)))
    return ""
