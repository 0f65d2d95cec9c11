"""Prefix codes, and the output window, of the decoders that are written in Python.

A table has one entry for every run of as many bits as the longest code has: the symbol shifted left by 5, and the
code's length below; 0 where no code begins so.
"""

from collections.abc import Iterator, Sequence

from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Guard, Incomplete

LENGTH_BITS = 5
LENGTH_MASK = 31
PIECE = 64 * 1024
Table = tuple[list[int], int]


def _ordered(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Return (length, symbol) in the order of canonical codes (RFC 1951, 3.2.2). Raises Incomplete."""
    found = sorted((length, symbol) for symbol, length in enumerate(lengths) if length)
    if found and sum(1 << (16 - length) for length, _ in found) > 1 << 16:
        raise Incomplete(CORRUPT)
    return found


def high_first(lengths: Sequence[int]) -> Table:
    """Return the table, and its number of bits, for codes read from the high bit on; lengths: up to 16, 0 for none.

    Raises Incomplete when there are more codes than can be.
    """
    found = _ordered(lengths)
    most = found[-1][0] if found else 1
    table: list[int] = []
    for length, symbol in found:
        table += [symbol << LENGTH_BITS | length] * (1 << (most - length))
    table += [0] * ((1 << most) - len(table))
    return table, most


def low_first(lengths: Sequence[int]) -> Table:
    """Return the table, and its number of bits, for codes whose bits come lowest first. Raises Incomplete."""
    found = _ordered(lengths)
    most = found[-1][0] if found else 1
    table = [0] * (1 << most)
    code = before = 0
    for length, symbol in found:
        code <<= length - before
        before = length
        start = int(f"{code:0{length}b}"[::-1], 2)
        table[start :: 1 << length] = [symbol << LENGTH_BITS | length] * (1 << (most - length))
        code += 1
    return table, most


def only(symbol: int) -> Table:
    """Return the table of a code that has one symbol and takes no bits."""
    return [symbol << LENGTH_BITS, symbol << LENGTH_BITS], 1


def copy(out: bytearray, distance: int, length: int) -> None:
    """Repeat what lies so far back. Raises Incomplete when that is before the start."""
    start = len(out) - distance
    if start < 0 or distance <= 0:
        raise Incomplete(CORRUPT)
    if distance >= length:
        out += out[start : start + length]
    else:
        out += (out[start:] * (length // distance + 1))[:length]


def drain(steps: Iterator[None], out: bytearray, window: int) -> Iterator[bytes]:
    """Yield what the steps of a decoder append to `out`, and keep no more of it than the window, in bytes.

    What came before damage is yielded first. Raises Incomplete.
    """
    sent = len(out)
    reason: Incomplete | None = None
    try:
        for _ in steps:
            yield bytes(out[sent:])
            if len(out) > 2 * window + PIECE:
                del out[:-window]
            sent = len(out)
    except Incomplete as error:
        reason = error
    except IndexError:
        reason = Incomplete(CORRUPT)
    if len(out) > sent:
        yield bytes(out[sent:])
    if reason is not None:
        raise reason


def counted(pieces: Iterator[bytes], guard: Guard, packed: int, size: int = -1) -> Iterator[bytes]:
    """Yield pieces, each counted. packed: bytes they came from; size: no more than so many, -1 for all.

    Raises Incomplete at damage or a limit.
    """
    total = 0
    for piece in pieces:
        if 0 <= size < total + len(piece):
            piece = piece[: size - total]  # noqa: PLW2901 # what is beyond the told size is not the member's
        total += len(piece)
        if guard.is_bomb(total, packed):
            raise Incomplete(guard.ratio_remark)
        guard.grew(len(piece))
        if piece:
            yield piece
        if total == size:
            return
