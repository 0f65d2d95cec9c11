"""Members of RAR archives that our own decoders unpack: what RAR 1.5 and 2 packed, and the solid runs of RAR 3."""

from collections.abc import Callable, Iterator

from garrison.engine.formats import rar_2, rar_3, rar_15
from garrison.engine.formats.opener import CORRUPT, ENCRYPTED
from garrison.engine.formats.rar_headers import Entry
from garrison.engine.guard import Guard, Incomplete

_Unpacker = rar_15.Unpacker | rar_2.Unpacker | rar_3.Unpacker
_UNPACKERS: dict[int, Callable[[], _Unpacker]] = {
    15: rar_15.Unpacker,
    20: rar_2.Unpacker,
    26: rar_2.Unpacker,
    29: rar_3.Unpacker,
    36: rar_3.Unpacker,
}
Packed = Callable[[], bytes]


def is_known(version: int) -> bool:
    """Return whether there is a decoder for what this version packs."""
    return version in _UNPACKERS


class Runs:
    """The solid run that is read: one member, or several of which each needs those before it."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._unpacker: _Unpacker | None = None
        self._waiting: list[tuple[Entry, Packed]] = []
        self._current: Iterator[bytes] = iter(())
        self._why = ""

    def add(self, entry: Entry, packed: Packed, *, is_closed: bool) -> None:
        """Go on to a member with content. packed: gives its packed bytes; is_closed: it is not to be had."""
        if not entry.is_solid:
            self._unpacker, self._current, self._why = None, iter(()), ""
            self._waiting.clear()
        if is_closed or not is_known(entry.version):
            self._why = ENCRYPTED if entry.is_encrypted else CORRUPT
        if not self._why:
            self._waiting.append((entry, packed))

    def pieces(self) -> Iterator[bytes]:
        """Yield what the member that was added last unpacks to, not counted. Raises Incomplete, OSError."""
        try:
            self._skip()
            while (piece := next(self._current, None)) is not None:  # it may be left early, and is read on then
                yield piece
        except Incomplete as reason:
            self._why = self._why or reason.remark
            raise

    def _skip(self) -> None:
        """Unpack what comes before the member, and begin with it. Raises Incomplete, OSError."""
        if self._why:
            raise Incomplete(self._why)
        while self._waiting:
            for _ in self._current:
                self._guard.check()
            entry, packed = self._waiting.pop(0)
            if self._unpacker is None:
                self._unpacker = _UNPACKERS[entry.version]()
            self._current = self._unpacker.unpacked(packed(), entry.size)
