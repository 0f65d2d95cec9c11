"""Signatures on what an archive lists of its members: names, sizes, places (ClamAV's .cdb)."""

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from garrison.base.errors import Failed
from garrison.engine.formats.opener import Listed
from garrison.engine.matches import Match
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind

ANY: Final = ""
_WITH_CHECKSUM = {Type.ZIP, Type.RAR}
_STREAMS = {Type.GZIP, Type.BZIP2, Type.XZ, Type.LZMA, Type.ZSTD, Type.LZ4, Type.LZIP, Type.COMPRESS}
_COUNTED_FROM_0 = {Type.SEVEN_ZIP, Type.CAB, Type.CHM}
_NAME_CHARS = 1000

Range = tuple[int, int] | None  # both ends; where they differ, 0 is an open end


class _Signature:
    """One line: what has to hold of a container and of a member it lists."""

    __slots__ = ("_container_size", "_crc", "_encrypted", "_kind", "_name", "_packed", "_position", "_size", "name")

    def __init__(self, plain: Sequence[Any]) -> None:
        name, kind, container_size, pattern, packed, size, encrypted, position, crc = plain
        self.name = str(name)
        self._kind = str(kind)
        self._container_size: Range = _range(container_size)
        self._name = re.compile(pattern) if pattern else None
        self._packed: Range = _range(packed)
        self._size: Range = _range(size)
        self._encrypted = encrypted
        self._position: Range = _range(position)
        self._crc = int(crc)

    def holds(self, listed: Listed, container: Subject) -> bool:
        kind, size = container.kind, len(container.content)
        if kind in _STREAMS:
            kind, size = Type.TAR, _unpacked_size(container)  # a stream lists nothing: it is the tar inside
        return (
            self._kind in {ANY, kind}
            and (self._encrypted is None or self._encrypted == listed.is_encrypted)
            and (not self._crc or kind not in _WITH_CHECKSUM or self._crc == listed.checksum)
            and _is_within(self._container_size, size)
            and _is_within(self._packed, max(listed.packed, 0))  # clamscan's figure for one that is not told
            and _is_within(self._size, max(listed.size, 0))
            and self._is_placed(listed.position, kind)
            and (self._name is None or self._name.search(listed.name[:_NAME_CHARS]) is not None)
        )

    def _is_placed(self, position: int, kind: Type) -> bool:
        """Return whether the member stands where it has to; of some archives clamscan counts the members from 0."""
        return _is_within(self._position, position) or (
            kind in _COUNTED_FROM_0 and _is_within(self._position, position - 1)
        )


class Listings:
    """All such signatures of a set. content: the file `listed.json`. Raises Failed when it is damaged."""

    def __init__(self, content: bytes) -> None:
        try:
            self._signatures = [_Signature(each) for each in json.loads(content)]
        except (ValueError, TypeError, RecursionError, re.error) as error:
            raise Failed("The signatures on archives are damaged.", "Update the databases.") from error

    def match(self, listed: Listed, container: Subject) -> list[Match]:
        """Return what matches a member that an archive lists."""
        return [
            Match(each.name, Kind.TROJAN, Certainty.KNOWN, f"what the archive lists as {listed.name}", each.name)
            for each in self._signatures
            if each.holds(listed, container)
        ]


def _unpacked_size(container: Subject) -> int:
    """Return the size of what is in a compressed stream, -1 when it does not tell (RFC 1952, 2.3.1: ISIZE)."""
    return int.from_bytes(container.content[-4:], "little") if container.kind == Type.GZIP else -1


def _range(plain: Any) -> Range:
    return None if plain is None else (int(plain[0]), int(plain[1]))


def _is_within(wanted: Range, value: int) -> bool:
    if wanted is None:
        return True
    low, high = wanted
    if low == high:
        return value == low
    return not (low and value < low) and not (high and value > high)
