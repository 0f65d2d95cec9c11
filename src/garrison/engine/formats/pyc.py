"""Compiled Python 3: the constants in it. CPython's Python/marshal.c describes the format.

Read by hand: `marshal.loads` is not made for hostile bytes.
"""

from collections.abc import Iterator

from garrison.engine.formats.opener import CORRUPT, Member, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import identify
from garrison.engine.source import Source
from garrison.engine.type import Type

_HEADER_BYTES = 16
_WITH_FLAGS = 3390  # 3.7
_MOST_BYTES = 100 * 1024 * 1024
_OWN_BYTES = 1024  # a constant of so many bytes is an object of its own
_TEXTS_BYTES = 16 * 1024 * 1024
_DEPTH = 20_000
_OBJECT, _QUIET, _SKIP, _PAIRS = range(4)

_FIXED = {"0": 0, "N": 0, "F": 0, "T": 0, "S": 0, ".": 0, "i": 4, "I": 8, "g": 8, "y": 16, "r": 4}
_LONG_TEXTS = frozenset("stuaA")
_SHORT_TEXTS = frozenset("zZ")
_LONG_RUNS = frozenset("([<>")

# What follows a code object's numbers: what kind of thing, how many of them; the constants are not quiet.
_CODE: tuple[tuple[int, tuple[tuple[int, int], ...]], ...] = (
    (3450, ((_SKIP, 20), (_QUIET, 1), (_OBJECT, 1), (_QUIET, 6), (_SKIP, 4), (_QUIET, 2))),  # 3.11
    (3400, ((_SKIP, 24), (_QUIET, 1), (_OBJECT, 1), (_QUIET, 6), (_SKIP, 4), (_QUIET, 1))),  # 3.8
    (0, ((_SKIP, 20), (_QUIET, 1), (_OBJECT, 1), (_QUIET, 6), (_SKIP, 4), (_QUIET, 1))),
)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield large constants, and all others, one a line, as one text. Raises OSError."""
    reader = _Reader(source.read_at(0, _MOST_BYTES), guard)
    texts: list[bytes] = []
    room = _TEXTS_BYTES
    number = 0
    for constant in reader.constants():
        if len(constant) >= _OWN_BYTES or _is_file(constant):
            number += 1
            yield derived(f"constant {number}", constant, guard)
            if guard.stopped:
                break
        elif room > 0:
            texts.append(constant)
            room -= len(constant) + 1
    if texts and not guard.stopped:
        yield derived("constants", b"\n".join(texts), guard, Type.TEXT)
    if reader.is_damaged and not guard.stopped:
        yield Member((), None, CORRUPT)
    if guard.stopped:
        yield Member((), None, guard.stopped)


def _is_file(constant: bytes) -> bool:
    return len(constant) >= 32 and identify(constant[:4096]) not in {Type.DATA, Type.TEXT}


class _Reader:
    """Reads the constants. is_damaged: afterwards, whether it ended before its end."""

    def __init__(self, content: bytes, guard: Guard) -> None:
        self._content = content
        self._guard = guard
        version = int.from_bytes(content[:2], "little")
        self._at = _HEADER_BYTES if version >= _WITH_FLAGS else _HEADER_BYTES - 4
        self._code = next(fields for since, fields in _CODE if version >= since)
        self._work: list[tuple[int, int]] = [(_OBJECT, 1)]  # kind and count of what is still to come, the next last
        self.is_damaged = False

    def constants(self) -> Iterator[bytes]:
        """Yield texts and bytes that are constants, empty ones left out."""
        steps = 0
        while self._work:
            kind, count = self._work.pop()
            if kind == _SKIP:
                self._at += count
                continue
            if count > 1:
                self._work.append((kind, count - 1))
            steps += 1
            if self._at >= len(self._content) or len(self._work) > _DEPTH or not self._in_time(steps):
                self.is_damaged = True
                return
            constant = self._object(kind)
            if self.is_damaged:
                return
            if constant and kind != _QUIET:
                yield constant

    def _in_time(self, steps: int) -> bool:
        if steps % 4096:
            return True
        try:
            self._guard.check()
        except Incomplete:
            return False
        return True

    def _object(self, kind: int) -> bytes:
        """Read one object: return it when it is a text, and note what it consists of."""
        code = chr(self._content[self._at] & 0x7F)
        self._at += 1
        if kind == _PAIRS:  # a dictionary goes on until a null
            if code != "0":
                self._work.append((_PAIRS, 1))
            kind = _OBJECT
        if code in _FIXED:
            self._at += _FIXED[code]
        elif code in _LONG_TEXTS:
            return self._taken(self._number(4))
        elif code in _SHORT_TEXTS:
            return self._taken(self._number(1))
        else:
            self._compound(code, kind)
        return b""

    def _compound(self, code: str, kind: int) -> None:
        if code == ")":
            self._push(kind, self._number(1))
        elif code in _LONG_RUNS:
            self._push(kind, self._number(4))
        elif code == "{":
            self._work.append((_PAIRS, 1))
        elif code == "c":
            self._work.extend(reversed(self._code))
        elif code == "l":
            count = self._number(4)
            self._at += 2 * min(count, 0x100000000 - count)  # negative ones have a negative count
        elif code == ":":
            self._push(kind, 3)  # a slice
        elif code in {"f", "x"}:
            for _ in range(2 if code == "x" else 1):
                self._at += self._number(1)
        else:
            self.is_damaged = True

    def _push(self, kind: int, count: int) -> None:
        if count:
            self._work.append((kind, count))

    def _number(self, width: int) -> int:
        self._at += width
        return int.from_bytes(self._content[self._at - width : self._at], "little")

    def _taken(self, length: int) -> bytes:
        self._at += length
        return self._content[self._at - length : self._at]
