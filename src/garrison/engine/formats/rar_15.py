"""The packing of RAR 1.5: a window of 64 KiB, and fixed prefix codes into tables that follow what came before.

No public specification; facts of The Unarchiver's decoder (XADMaster).
"""

from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import LENGTH_BITS, PIECE, HighBits, Table, copy, drain, high_first
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

_WINDOW = 1 << 16


def _code(runs: dict[int, int]) -> Table:
    """Return a code. runs: how many symbols have codes of each length."""
    return high_first([length for length, count in runs.items() for _ in range(count)])


_LENGTHS = (
    _code({2: 2, 3: 1, 4: 2, 5: 2, 6: 4, 7: 5, 8: 4, 9: 4, 10: 8, 12: 224}),
    _code({3: 5, 4: 2, 5: 2, 6: 4, 7: 5, 8: 4, 9: 4, 10: 8, 11: 2, 12: 220}),
)
_PLACES = (
    _code({4: 8, 5: 8, 6: 8, 7: 9, 12: 224}),
    _code({5: 4, 6: 40, 7: 16, 8: 16, 9: 4, 11: 47, 12: 130}),
    _code({5: 2, 6: 5, 7: 46, 8: 64, 9: 116, 10: 24}),
    _code({6: 2, 7: 14, 8: 202, 9: 33, 10: 6}),
    _code({8: 255, 9: 2}),
)


def _short_code(codes: str) -> Table:
    """Return the code whose symbols have these bits, in order."""
    table = [0] * 256
    for symbol, code in enumerate(codes.split()):
        first, count = int(code.ljust(8, "0"), 2), 1 << (8 - len(code))
        table[first : first + count] = [symbol << LENGTH_BITS | len(code)] * count
    return table, 8


_LONGER = "11110 111110 1111110 11111110 11111111 1100 1000 10010 100110 100111"
_OTHER = "11110 111110 111111 1100 1000 10010 100110 100111"
# Chosen by how long the matches are, and whether three bits or four are for the second of them.
_SHORT = (
    (_short_code(f"0 101 1101 1110 {_LONGER}"), _short_code(f"0 1010 1101 1110 {_LONGER} 1011")),
    (_short_code(f"00 010 011 101 1101 1110 {_OTHER}"), _short_code(f"00 010 011 1010 1101 1110 {_OTHER} 1011")),
)


class _Ranked:
    """Bytes in the order of their use. limit: so many uses of one, and all begin anew."""

    __slots__ = ("_limit", "_next", "_places")

    def __init__(self, values: list[int], limit: int) -> None:
        self._places = [value << 8 for value in values]  # below, how often it was used
        self._next = [0] * 256  # where the next one goes that was used as often
        self._limit = limit

    def reset(self) -> None:
        """Forget the uses, but not the order."""
        self._places = [value & ~255 | 7 - place // 32 for place, value in enumerate(self._places)]
        self._next = [(7 - uses) * 32 if uses < 7 else 0 for uses in range(256)]

    def use(self, place: int) -> int:
        """Return the byte at a place, and move it to the front of those that were used as often. Raises IndexError."""
        value = self._places[place]
        front = self._step(value)
        if value & 255 >= self._limit:
            self.reset()
            value = self._places[place]
            front = self._step(value)
        self._places[place] = self._places[front]
        self._places[front] = value + 1
        return value >> 8 & 255

    def _step(self, value: int) -> int:
        front = self._next[value & 255]
        self._next[value & 255] += 1
        return front


class Unpacker:
    """Unpacks the members of one solid run, in order."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._flags = _Ranked([-place & 255 for place in range(256)], 255)
        self._literals = _Ranked(list(range(256)), 161)
        self._places = _Ranked(list(range(256)), 255)
        self._places.reset()
        self._near = list(range(256))
        self._weight_of_literals = self._weight_of_matches = 128
        self._literals_on_end = 0
        self._is_other_code = False
        self._farthest = 0x2001
        # Averages: of the literals' places, the lengths, the distances' places, the short matches, and near lengths.
        self._literal, self._length, self._place, self._short, self._below = 0x3500, 0, 0, 0, 0
        self._last = (0, 0)
        self._old = [0, 0, 0, 0]
        self._old_at = 0
        self._begin(b"")

    def _begin(self, data: bytes) -> None:
        self._bits = HighBits(data)
        self._flag = self._flags_left = 0
        self._is_run = False
        self._repeats = 0

    def unpacked(self, data: bytes, size: int) -> Iterator[bytes]:
        """Yield what a member's packed bytes unpack to. Raises Incomplete."""
        self._begin(data)
        return drain(self._steps(size), self._out, _WINDOW)

    def _steps(self, size: int) -> Iterator[None]:
        left = size
        while left > 0:
            start, end = len(self._out), len(self._out) + min(left, PIECE)
            for _ in range(PIECE):  # a step may give nothing
                if len(self._out) >= end:
                    break
                self._step()
            surplus = len(self._out) - start - left
            if surplus > 0:
                del self._out[-surplus:]
            left -= len(self._out) - start
            yield

    def _step(self) -> None:
        is_match_likely = self._weight_of_matches > self._weight_of_literals
        if self._is_run:
            self._literal_of_run()
        elif self._is_set():
            self._match() if is_match_likely else self._one_literal()
        elif self._is_set():
            self._one_literal() if is_match_likely else self._match()
        else:
            self._short_match()

    def _is_set(self) -> bool:
        if not self._flags_left:
            place = self._bits.symbol(_PLACES[2])
            if place == 256:
                raise Incomplete(CORRUPT)
            self._flag, self._flags_left = self._flags.use(place), 8
        self._flags_left -= 1
        return bool(self._flag >> self._flags_left & 1)

    def _literal_place(self) -> int:
        limits = (0xE00, 0x3600, 0x5E00, 0x7600)
        return self._bits.symbol(_PLACES[sum(self._literal >= limit for limit in limits)])

    def _one_literal(self) -> None:
        place = self._literal_place() & 255
        self._is_run = self._literals_on_end >= 16 and not self._flags_left
        self._literals_on_end += 1
        self._give(place)

    def _literal_of_run(self) -> None:
        place = self._literal_place()
        if place:
            self._give(place - 1)
        elif self._bits.take(1):
            self._is_run = False
            self._literals_on_end = 0
        else:
            length = 3 + self._bits.take(1)
            distance = self._bits.symbol(_PLACES[2]) << 5 | self._bits.take(5)
            copy(self._out, distance, length)

    def _give(self, place: int) -> None:
        self._literal += place
        self._literal -= self._literal >> 8
        self._weight_of_literals += 16
        if self._weight_of_literals > 255:
            self._weight_of_literals = 0x90
            self._weight_of_matches >>= 1
        self._out.append(self._literals.use(place))

    def _match(self) -> None:
        bits = self._bits
        self._literals_on_end = 0
        self._weight_of_matches += 16
        if self._weight_of_matches > 255:
            self._weight_of_matches = 0x90
            self._weight_of_literals >>= 1
        told = self._told_length()
        place = bits.symbol(_PLACES[(self._place >= 0x700) + (self._place >= 0x2900)])
        if place == 256:
            raise Incomplete(CORRUPT)
        distance = self._places.use(place) << 7 | bits.take(7)
        length = told + 3 + (distance >= self._farthest) + (8 if distance <= 256 else 0)
        self._adapt(told, place, distance)
        self._new(distance, length)

    def _told_length(self) -> int:
        bits = self._bits
        if self._length >= 64:
            return bits.symbol(_LENGTHS[self._length >= 122])
        count = 0
        while count < 8 and not bits.take(1):
            count += 1
        return bits.take(8) if count == 8 else count

    def _adapt(self, told: int, place: int, distance: int) -> None:
        before = self._farthest
        is_far = self._below > 0xB0 or (self._literal >= 0x2A00 and self._length < 0x40)
        self._farthest = 0x7F00 if is_far else 0x2001
        self._length += told
        self._length -= self._length >> 5
        self._place += place
        self._place -= self._place >> 8
        if not told and distance <= before:
            self._below += 1
            self._below -= self._below >> 8
        elif told not in {1, 4} and self._below:
            self._below -= 1

    def _new(self, distance: int, length: int) -> None:
        self._old[self._old_at & 3] = distance
        self._old_at += 1
        self._last = distance, length
        copy(self._out, distance, length)

    def _short_match(self) -> None:
        bits = self._bits
        self._literals_on_end = 0
        if self._repeats == 2:
            if bits.take(1):
                copy(self._out, *self._last)
                return
            self._repeats = 0
        kind = bits.symbol(_SHORT[self._short >= 37][self._is_other_code])
        if kind == 9:
            self._repeats += 1
            copy(self._out, *self._last)
            return
        self._repeats = 0
        if kind < 9:
            self._near_match(kind)
        elif kind < 14:
            self._old_match(kind - 9)
        else:
            length = bits.symbol(_LENGTHS[1]) + 5
            self._last = bits.take(15) + 0x8000, length
            copy(self._out, *self._last)

    def _near_match(self, kind: int) -> None:
        self._short += kind
        self._short -= self._short >> 4
        place = self._bits.symbol(_PLACES[2]) & 255
        near = self._near
        distance = near[place]
        if place:
            near[place], near[place - 1] = near[place - 1], distance
        self._new(distance + 1, kind + 2)

    def _old_match(self, which: int) -> None:
        distance = self._old[(self._old_at - which) & 3]
        length = self._bits.symbol(_LENGTHS[0]) + 2
        if length == 257 and which == 1:
            self._is_other_code = not self._is_other_code
            return
        self._new(distance, length + (distance > 256) + (distance >= self._farthest))
