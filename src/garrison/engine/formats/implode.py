"""The methods of PKZIP 1: shrink (1) and implode (6), by APPNOTE.TXT 6.3.10, sections 5.1 and 5.3."""

from collections.abc import Iterator

from garrison.engine.formats.low_bits import LowBits
from garrison.engine.formats.lzh_codes import PIECE, Table, copy, drain, low_first
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Incomplete

_WINDOW = 8192
_LARGE_WINDOW, _LITERAL_TREE = 2, 4


def explode(data: bytes, flags: int, size: int) -> Iterator[bytes]:
    """Yield what imploded bytes unpack to. flags: the member's; size: unpacked, it ends there. Raises Incomplete."""
    out = bytearray(_WINDOW)  # what lies before the start is zeros
    return drain(_exploding(data, flags, size, out), out, _WINDOW)


def _exploding(data: bytes, flags: int, size: int, out: bytearray) -> Iterator[None]:
    at = 0
    trees: list[Table] = []
    for symbols in (256, 64, 64) if flags & _LITERAL_TREE else (64, 64):
        table, at = _tree(data, at, symbols)
        trees.append(table)
    literals = trees[0] if len(trees) == 3 else None
    low = 7 if flags & _LARGE_WINDOW else 6
    bits = _Bits(data, at)
    done = 0
    next_stop = PIECE
    while done < size:
        if bits.take(1):
            out.append(bits.symbol(literals) if literals else bits.take(8))
            done += 1
        else:
            distance = bits.take(low)
            distance |= bits.symbol(trees[-1]) << low
            length = bits.symbol(trees[-2])
            length += (bits.take(8) if length == 63 else 0) + len(trees)
            length = min(length, size - done)
            copy(out, distance + 1, length)
            done += length
        if done >= next_stop:
            yield
            next_stop = done + PIECE
    yield


class _Bits(LowBits):
    __slots__ = ()

    def fill(self) -> None:
        if self.at > len(self.data) + 8:
            raise Incomplete(TOO_SHORT)
        super().fill()


def _tree(data: bytes, at: int, symbols: int) -> tuple[Table, int]:
    """Return a tree's table and the offset behind it (5.3.7)."""
    if at >= len(data):
        raise Incomplete(TOO_SHORT)
    end = at + 2 + data[at]
    lengths: list[int] = []
    for packed in data[at + 1 : end]:
        lengths += [(packed & 15) + 1] * ((packed >> 4) + 1)
    if len(lengths) != symbols:
        raise Incomplete(CORRUPT)
    table, most = low_first(lengths)
    return (table[::-1], most), end  # the format stores every code inverted


def unshrink(data: bytes, size: int) -> Iterator[bytes]:
    """Yield what shrunk bytes unpack to (5.1: LZW of 9 to 13 bits with partial clearing). Raises Incomplete."""
    out = bytearray()
    return drain(_unshrinking(data, size, out), out, 0)


def _unshrinking(data: bytes, size: int, out: bytearray) -> Iterator[None]:  # one state, one loop
    strings: dict[int, bytes] = {code: bytes((code,)) for code in range(256)}
    parents: dict[int, int] = {}
    width, last, done, free, stop = 9, -1, 0, 257, PIECE
    before = b""
    bits = _Bits(data, 0)
    while done < size:
        code = bits.take(width)
        if code == 256:
            command = bits.take(width)
            if command == 1 and width < 13:
                width += 1
            elif command == 2:
                _clear(strings, parents)
                free = 257
            else:
                raise Incomplete(CORRUPT)
            continue
        text = strings.get(code, before + before[:1])
        if not text:
            raise Incomplete(CORRUPT)
        if last >= 0:
            while free in strings and free < 8192:
                free += 1
            if free < 8192:
                strings[free] = before + text[:1]
                parents[free] = last
        out += text
        done += len(text)
        last, before = code, text
        if done >= stop:
            yield
            stop = done + PIECE
    yield


def _clear(strings: dict[int, bytes], parents: dict[int, int]) -> None:
    """Forget the codes on which no other is built."""
    used = set(parents.values())
    for code in [code for code in parents if code not in used]:
        del strings[code], parents[code]
