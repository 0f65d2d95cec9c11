"""The .lz4 formats: LZ4 Frame Format 1.6.4, several frames; the legacy frame of the Linux kernel's images."""

from collections.abc import Iterator

import lz4.block
import lz4.frame

from garrison.engine.formats.lzh_codes import counted
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Member
from garrison.engine.formats.single import inner_name, open_single, streams
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_FRAME = b"\x04\x22\x4d\x18"
_LEGACY = b"\x02\x21\x4c\x18"
_LEGACY_BLOCK = 8 * 1024 * 1024


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield the one object inside, or the members of the tar inside. Raises OSError."""
    if source.read_at(0, 4) == _LEGACY:
        pieces = counted(_legacy(source), guard, source.size)
    else:
        pieces = streams(source, guard, _Decoder, _start)
    return open_single(pieces, guard, inner_name(name))


def _start(source: Source, at: int) -> int | None:
    return at if source.read_at(at, 4) == _FRAME else None


class _Decoder:
    """A Decoder for one frame, by liblz4."""

    def __init__(self) -> None:
        self._state = lz4.frame.LZ4FrameDecompressor()

    @property
    def eof(self) -> bool:
        """Whether the frame's end was reached."""
        return bool(self._state.eof)

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes out without more going in."""
        return bool(self._state.needs_input)

    @property
    def unused_data(self) -> bytes:
        """What followed the frame's end."""
        return self._state.unused_data or b""

    def decompress(self, data: bytes, max_length: int) -> bytes:
        """Take packed bytes, return at most so many unpacked ones. Raises ValueError."""
        try:
            return bytes(self._state.decompress(data, max_length))
        except RuntimeError as error:
            raise ValueError(CORRUPT) from error


def _legacy(source: Source) -> Iterator[bytes]:
    at = 4
    while True:
        head = source.read_at(at, 4)
        length = int.from_bytes(head, "little")
        if len(head) < 4 or head == _LEGACY or not 0 < length <= _LEGACY_BLOCK + _LEGACY_BLOCK // 128:
            return
        data = source.read_at(at + 4, length)
        if len(data) < length:
            raise Incomplete(TOO_SHORT)
        try:
            yield lz4.block.decompress(data, uncompressed_size=_LEGACY_BLOCK)
        except (lz4.block.LZ4BlockError, ValueError) as error:
            raise Incomplete(CORRUPT) from error
        at += 4 + length
