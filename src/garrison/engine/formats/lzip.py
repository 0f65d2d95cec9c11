"""The .lz format: "Lzip file format" (Antonio Diaz Diaz), version 1; several members."""

import lzma
from collections.abc import Iterator

from garrison.engine.formats.opener import Member
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.formats.unpack import Decoder
from garrison.engine.guard import Guard
from garrison.engine.source import Source

_HEADER, _TRAILER = 6, 20


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Checksums are not compared. Raises OSError."""
    reader = _Reader(guard.limits.object_bytes)
    return open_single(streams(source, guard, reader.decoder, reader.start), guard, inner_name(name))


class _Reader:
    def __init__(self, most: int) -> None:
        self._most = most
        self._dictionary = 4096

    def start(self, source: Source, at: int) -> int | None:
        """Return where a member's LZMA data begins, behind the trailer of the one before."""
        at += _TRAILER if at else 0
        header = source.read_at(at, _HEADER)
        if len(header) < _HEADER or not header.startswith(b"LZIP\x01"):
            return None
        told = 1 << (header[5] & 31)
        # A dictionary beyond what is kept of one object serves nothing and costs memory.
        self._dictionary = max(4096, min(told - (told // 16) * (header[5] >> 5), self._most))
        return at + _HEADER

    def decoder(self) -> Decoder:
        chain = [{"id": lzma.FILTER_LZMA1, "dict_size": self._dictionary, "lc": 3, "lp": 0, "pb": 2}]
        return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
