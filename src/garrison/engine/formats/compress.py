"""The .Z format of compress(1): LZW with codes of 9 to 16 bits (POSIX.1-2024, compress; Welch 1984)."""

from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, counted, drain, packed_room
from garrison.engine.formats.opener import CORRUPT, Member
from garrison.engine.formats.single import inner_name, open_single
from garrison.engine.formats.unpack import MEMORY_BYTES, TOO_MUCH_MEMORY
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_CLEAR = 256


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Raises OSError."""
    data = source.read_at(0, packed_room(guard))
    out = bytearray()
    # A string of the table is a run of what came out: all of it is kept.
    pieces = drain(_steps(data, out), out, MEMORY_BYTES)
    return open_single(counted(pieces, guard, len(data)), guard, inner_name(name))


def _steps(data: bytes, out: bytearray) -> Iterator[None]:
    most, is_blocked = (data[2] & 31, bool(data[2] & 0x80)) if len(data) > 2 else (0, False)
    if not 9 <= most <= 16:
        raise Incomplete(CORRUPT)
    table = _Table(most, is_blocked)
    stop = PIECE
    for codes in _groups(data, table):
        for code in codes:
            if code == _CLEAR and is_blocked:
                table.clear()
                break
            start, length = table.string(code, len(out))
            piece = out[start : start + length] if code > 255 else bytes((code,))
            if len(piece) < length:  # the string that is only now being made
                piece = bytes(piece) + bytes(piece[:1] or out[start : start + 1])
            table.add(len(out), length)
            out += piece
            if table.is_full_width():
                break
        if len(out) >= stop:
            if len(out) > MEMORY_BYTES:
                raise Incomplete(TOO_MUCH_MEMORY)
            yield
            stop = len(out) + PIECE
    yield


class _Table:
    """The strings: each the one before it and a byte more, so a run of the output. width: of a code, in bits."""

    def __init__(self, most: int, is_blocked: bool) -> None:
        self._most = most
        self._first = 257 if is_blocked else 256
        self.clear()

    def clear(self) -> None:
        self.width = 9
        self._starts: list[int] = []
        self._lengths: list[int] = []
        self._before: tuple[int, int] | None = None

    def string(self, code: int, at: int) -> tuple[int, int]:
        """Return where a code's string lies in the output, and its length. Raises Incomplete."""
        if code < 256:
            return at, 1
        number = code - self._first
        if 0 <= number < len(self._starts):
            return self._starts[number], self._lengths[number]
        if number == len(self._starts) and self._before is not None:
            return self._before[0], self._before[1] + 1
        raise Incomplete(CORRUPT)

    def add(self, at: int, length: int) -> None:
        """Make the string before longer by the byte that now follows it."""
        if self._before is not None and self._first + len(self._starts) < 1 << self._most:
            self._starts.append(self._before[0])
            self._lengths.append(self._before[1] + 1)
        self._before = (at, length)

    def is_full_width(self) -> bool:
        """Return whether codes are a bit longer from now on; then they are."""
        if self.width < self._most and self._first + len(self._starts) >= 1 << self.width:
            self.width += 1
            return True
        return False


def _groups(data: bytes, table: _Table) -> Iterator[list[int]]:
    """Yield codes, eight at a time: after a change of the width, the rest of the eight is padding."""
    at = 3
    while at < len(data):
        width = table.width
        group = data[at : at + width]
        at += width
        value = int.from_bytes(group, "little")
        mask = (1 << width) - 1
        yield [value >> width * number & mask for number in range(len(group) * 8 // width)]
