"""Whether a regular expression occurs at all, asked in linear time before Python's backtracking matcher may try.

Vectorscan knows neither look-around nor back-references: of such expressions it is asked for something wider.
"""

import base64
import binascii
import zlib
from typing import Any, Final

import hyperscan

_MOST_BYTES: Final = 128 * 1024  # of an automaton; what becomes larger is matched without one
_FLAGS: Final = {"i": hyperscan.HS_FLAG_CASELESS, "s": hyperscan.HS_FLAG_DOTALL, "m": hyperscan.HS_FLAG_MULTILINE}
_ONCE: Final = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_ALLOWEMPTY


def build(body: str, letters: str) -> tuple[str, bool]:
    """Return an automaton as text ("" when there is none), and whether it finds exactly what the expression does.

    body: as PCRE writes it. letters: its flags.
    """
    flags = _ONCE
    for letter in letters:
        flags |= _FLAGS.get(letter, 0)
    source = (f"(?x){body}" if "x" in letters else body).replace("\\/", "/").encode("latin-1")
    for more in (0, hyperscan.HS_FLAG_PREFILTER):
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        try:
            database.compile(expressions=[source], ids=[0], elements=1, flags=[flags | more])
        except hyperscan.HyperscanError:
            continue
        packed = bytes(hyperscan.dumpb(database))
        if len(packed) <= _MOST_BYTES:
            is_exact = not more and not set(letters) & {"A", "E"}
            return base64.b64encode(zlib.compress(packed, 9)).decode("ascii"), is_exact
    return "", False


class Automaton:
    """An automaton, opened. packed: as `build` made it. Raises ValueError when it is damaged."""

    __slots__ = ("_database", "_scratch")

    def __init__(self, packed: str) -> None:
        try:
            content = zlib.decompress(base64.b64decode(packed, validate=True))
            self._database: Any = hyperscan.loadb(content, hyperscan.HS_MODE_BLOCK)
            self._scratch = hyperscan.Scratch(self._database)
        except (binascii.Error, zlib.error, hyperscan.HyperscanError) as error:
            raise ValueError("an automaton is damaged") from error

    def occurs(self, content: bytes) -> bool:
        """Return whether the expression, or what stands for it, matches somewhere."""
        found: list[int] = []

        def add(_number: int, _from: int, to: int, _flags: int, _context: object) -> None:
            found.append(to)

        self._database.scan(content, match_event_handler=add, scratch=self._scratch)
        return bool(found)
