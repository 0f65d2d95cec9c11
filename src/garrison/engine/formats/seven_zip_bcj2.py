"""BCJ2: the calls and jumps of programs for the 80386 taken apart into four streams (7-Zip's method 0303011B)."""

import re
from collections.abc import Iterator

from garrison.engine.formats.lzh_codes import PIECE, drain
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Incomplete

_BRANCH = re.compile(rb"[\xe8\xe9]|\x0f[\x80-\x8f]", re.DOTALL)
_TOP = 1 << 24


class _Choices:
    """The range coder that tells which branches were taken apart."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 5
        self._code = int.from_bytes(data[1:5], "big")
        self._range = 0xFFFFFFFF
        self._chances = [1024] * 258

    def taken(self, index: int) -> int:
        chance = self._chances[index]
        bound = (self._range >> 11) * chance
        is_taken = self._code >= bound
        if is_taken:
            self._range -= bound
            self._code -= bound
            self._chances[index] = chance - (chance >> 5)
        else:
            self._range = bound
            self._chances[index] = chance + ((2048 - chance) >> 5)
        if self._range < _TOP:
            if self._at >= len(self._data):
                raise Incomplete(TOO_SHORT)
            self._range = self._range << 8 & 0xFFFFFFFF
            self._code = (self._code << 8 | self._data[self._at]) & 0xFFFFFFFF
            self._at += 1
        return is_taken


def joined(streams: list[bytes], size: int) -> Iterator[bytes]:
    """Yield the program. streams: the main one, targets of calls, of jumps, choices; size: of it. Raises Incomplete."""
    out = bytearray()
    return drain(_steps(streams, size, out), out, 8)


def _steps(streams: list[bytes], size: int, out: bytearray) -> Iterator[None]:
    main, calls, jumps, coded = streams
    if len(coded) < 5:
        raise Incomplete(CORRUPT)
    choices = _Choices(coded)
    at = done = call = jump = 0
    before, stop = 0, PIECE
    while done < size:
        end = _branch(main, at, before) if at < len(main) else -1
        last_one = at + size - done  # more than the program is long there is no use for
        piece = main[at : min(end + 1 if end >= 0 else len(main), last_one)]
        if not piece:
            raise Incomplete(TOO_SHORT)
        last = piece[-1]
        previous = piece[-2] if len(piece) > 1 else before
        out += piece
        at += len(piece)
        done += len(piece)
        before = last
        index = previous if last == 0xE8 else 256 if last == 0xE9 else 257
        if end >= 0 and done < size and choices.taken(index):
            if last == 0xE8:
                field, call = calls[call : call + 4], call + 4
            else:
                field, jump = jumps[jump : jump + 4], jump + 4
            if len(field) < 4:
                raise Incomplete(TOO_SHORT)
            target = (int.from_bytes(field, "big") - done - 4) & 0xFFFFFFFF
            out += target.to_bytes(4, "little")
            done += 4
            before = target >> 24
        if done >= stop:
            yield
            stop = done + PIECE


def _branch(main: bytes, at: int, before: int) -> int:
    """Return the offset of the next branch's last byte of code, or -1."""
    if before == 0x0F and main[at] & 0xF0 == 0x80:
        return at
    found = _BRANCH.search(main, at)
    return found.end() - 1 if found else -1
