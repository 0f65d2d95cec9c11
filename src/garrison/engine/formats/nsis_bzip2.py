"""The bzip2 of NSIS: as bzip2 1.0.8, but a block begins with one byte (0x31; 0x17 is the end) and has no checksum.

Nothing at hand unpacks it, because a checksum that is missing cannot be made up before the block is unpacked.
"""

from collections.abc import Callable, Iterator
from typing import NoReturn

_BLOCK, _END = 0x31, 0x17
_GROUP = 50
_LONGEST = 20
_MOST = 900_000
_PIECE = 64 * 1024
_ASK_EVERY = 1000  # groups


def blocks(packed: bytes, check: Callable[[], None]) -> Iterator[bytes]:
    """Yield what was packed, in pieces. check: is called every now and then, and may raise.

    Raises ValueError when it is damaged, EOFError when it ends too early.
    """
    reader = _Reader(packed, check)
    while True:
        mark = reader.take(8)
        if mark == _END:
            return
        if mark != _BLOCK:
            _damaged()
        yield from reader.block()


class _Reader:
    """Reads bits, the highest of each byte first. at: how many were read, from the start of the bytes."""

    def __init__(self, packed: bytes, check: Callable[[], None]) -> None:
        self._packed = packed
        self._end = 8 * len(packed)
        self._check = check
        self.at = 0

    def take(self, count: int) -> int:
        """Return a number of so many bits, 24 at most."""
        at = self.at
        if at + count > self._end:
            raise EOFError
        self.at = at + count
        run = int.from_bytes(self._packed[at >> 3 : (at >> 3) + 4].ljust(4, b"\x00"), "big")
        return run >> 32 - (at & 7) - count & (1 << count) - 1

    def block(self) -> Iterator[bytes]:
        """Yield one block, unpacked. Raises ValueError."""
        origin = self.take(24)
        used = self._symbols()
        groups = self.take(3)
        if not 2 <= groups <= 6 or not used:
            _damaged()
        selectors = self._selectors(groups)
        tables = [self._table(len(used) + 2) for _ in range(groups)]
        return _expanded(_sorted_back(self._moved(used, selectors, tables), origin))

    def _symbols(self) -> list[int]:
        rows = self.take(16)
        used: list[int] = []
        for row in range(16):
            if rows >> 15 - row & 1:
                columns = self.take(16)
                used.extend(16 * row + column for column in range(16) if columns >> 15 - column & 1)
        return used

    def _selectors(self, groups: int) -> list[int]:
        order = list(range(groups))
        selectors: list[int] = []
        for _ in range(self.take(15)):
            place = 0
            while self.take(1):
                place += 1
                if place >= groups:
                    _damaged()
            order.insert(0, order.pop(place))
            selectors.append(order[0])
        return selectors

    def _table(self, count: int) -> dict[int, int]:
        """Return symbols by code, with a 1 before the code's bits."""
        length = self.take(5)
        lengths: list[int] = []
        for _ in range(count):
            while self.take(1):
                length += -1 if self.take(1) else 1
            if not 1 <= length <= _LONGEST:
                _damaged()
            lengths.append(length)
        table: dict[int, int] = {}
        code = 0
        for bits in range(1, _LONGEST + 1):
            for symbol, its in enumerate(lengths):
                if its == bits:
                    table[1 << bits | code] = symbol
                    code += 1
            code <<= 1
        return table

    def _moved(self, used: list[int], selectors: list[int], tables: list[dict[int, int]]) -> bytearray:
        """Undo the Huffman codes, the runs of the nearest byte and the moving to the front."""
        out = bytearray()
        end = len(used) + 1
        run, weight = 0, 1
        for position, selector in enumerate(selectors):
            if not position % _ASK_EVERY:
                self._check()
            table = tables[selector]
            for _ in range(_GROUP):
                symbol = self._symbol(table)
                if symbol < 2:
                    run += weight << symbol
                    weight <<= 1
                    if run > _MOST:
                        _damaged()
                    continue
                if run:
                    out += bytes([used[0]]) * run
                    run, weight = 0, 1
                if symbol == end or len(out) > _MOST:
                    return out
                used.insert(0, used.pop(symbol - 1))
                out.append(used[0])
        return _damaged()

    def _symbol(self, table: dict[int, int]) -> int:
        packed, at, end = self._packed, self.at, self._end
        code = 1
        while code < 1 << _LONGEST + 1:
            if at >= end:
                raise EOFError
            code = code << 1 | packed[at >> 3] >> 7 - (at & 7) & 1
            at += 1
            symbol = table.get(code)
            if symbol is not None:
                self.at = at
                return symbol
        return _damaged()


def _damaged() -> NoReturn:
    raise ValueError("damaged")


def _sorted_back(last: bytearray, origin: int) -> bytearray:
    """Undo the Burrows-Wheeler transform."""
    if origin >= len(last):
        _damaged()
    following = sorted(range(len(last)), key=last.__getitem__)
    out = bytearray()
    at = following[origin]
    for _ in range(len(last)):
        out.append(last[at])
        at = following[at]
    return out


def _expanded(content: bytearray) -> Iterator[bytes]:
    """Undo the first step: four equal bytes are followed by how many more of them there are, up to fifty times all."""
    out = bytearray()
    previous, count = -1, 0
    for byte in content:
        if count == 4:
            out += bytes([previous]) * byte
            previous, count = -1, 0
            if len(out) >= _PIECE:
                yield bytes(out)
                out.clear()
            continue
        count = count + 1 if byte == previous else 1
        previous = byte
        out.append(byte)
    yield bytes(out)
