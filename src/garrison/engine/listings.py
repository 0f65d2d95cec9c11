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
        return (
            self._kind in {ANY, container.kind}
            and (self._encrypted is None or self._encrypted == listed.is_encrypted)
            and (not self._crc or container.kind not in _WITH_CHECKSUM or self._crc == listed.checksum)
            and _is_within(self._container_size, len(container.content))
            and _is_within(self._packed, listed.packed)
            and _is_within(self._size, listed.size)
            and _is_within(self._position, listed.position)
            and (self._name is None or self._name.search(listed.name[:_NAME_CHARS]) is not None)
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


def _range(plain: Any) -> Range:
    return None if plain is None else (int(plain[0]), int(plain[1]))


def _is_within(wanted: Range, value: int) -> bool:
    if wanted is None:
        return True
    low, high = wanted
    if low == high:
        return value == low
    return not (low and value < low) and not (high and value > high)
