"""Visual Basic macros: [MS-OVBA] 2.3.4.2 (the dir stream), 2.4.1 (compression)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from garrison.engine.formats.ole import wide
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT
from garrison.engine.guard import Guard, Incomplete

_CHUNK_BYTES = 4096
_MODULE_NAME, _STREAM_NAME, _STREAM_NAME_WIDE, _OFFSET = 0x0019, 0x001A, 0x0032, 0x0031
_PROJECT_VERSION, _MODULE_NAME_WIDE = 0x0009, 0x0047
# A module begins with attributes: how the compression writes "Attribute VB_" at the start of a container.
_SOURCE_START = re.compile(rb"\x01.[\xb0-\xbf]\x00Attribut.e ", re.DOTALL)
_MOST_MODULES = 2000


@dataclass(frozen=True, slots=True)
class Module:
    """A module. stream: the name of its stream; offset: where in it the source code begins."""

    name: str
    stream: str
    offset: int


def modules(unpacked_dir: bytes) -> list[Module]:
    """Return the modules that the unpacked dir stream lists, as far as it is sound."""
    found: list[Module] = []
    name = stream = ""
    for tag, value in _records(unpacked_dir):
        if tag == _MODULE_NAME:
            name = value.decode("latin-1")
        elif tag == _MODULE_NAME_WIDE:
            name = wide(value) or name
        elif tag == _STREAM_NAME:
            stream = value.decode("latin-1")
        elif tag == _STREAM_NAME_WIDE:
            stream = wide(value) or stream
        elif tag == _OFFSET and len(value) == 4:
            found.append(Module(name or stream, stream or name, int.from_bytes(value, "little")))
            name = stream = ""
            if len(found) >= _MOST_MODULES:
                break
    return found


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 6 <= len(content):
        tag, length = struct.unpack_from("<HI", content, at)
        if tag == _PROJECT_VERSION:
            length = 6  # its length field is a reserved 4, and the version has six bytes
        if length > len(content) - at - 6:
            return
        yield tag, content[at + 6 : at + 6 + length]
        at += 6 + length


def source_start(stream: bytes) -> int:
    """Return where in a module's stream the packed source begins, going by how all sources begin; -1 if nowhere."""
    match = _SOURCE_START.search(stream)
    return match.start() if match else -1


def unpacked(container: bytes, guard: Guard) -> Iterator[bytes]:
    """Yield the chunks of a compressed container, unpacked. Raises Incomplete at damage or a limit."""
    if container[:1] != b"\x01":
        raise Incomplete(CORRUPT)
    at = 1
    while at + 2 <= len(container):
        header = int.from_bytes(container[at : at + 2], "little")
        end = at + (header & 0x0FFF) + 3
        if header >> 12 & 7 != 3:
            raise Incomplete(CORRUPT)
        if header & 0x8000:
            chunk = _chunk(container, at + 2, min(end, len(container)))
        else:
            end = at + 2 + _CHUNK_BYTES
            chunk = container[at + 2 : end]
        guard.grew(len(chunk))
        yield chunk
        if end > len(container):
            raise Incomplete(TOO_SHORT)
        at = end


def _chunk(container: bytes, at: int, end: int) -> bytes:
    """Return one unpacked chunk: eight tokens to a byte of flags, a token a byte or a copy (2.4.1.3.5)."""
    out = bytearray()
    while at < end and len(out) < _CHUNK_BYTES:
        flags = container[at]
        at += 1
        for bit in range(8):
            if at >= end:
                break
            if not flags >> bit & 1:
                out.append(container[at])
                at += 1
                continue
            token = int.from_bytes(container[at : at + 2], "little")
            at += 2
            bits = max(4, (len(out) - 1).bit_length())
            distance = (token >> (16 - bits)) + 1
            length = (token & (0xFFFF >> bits)) + 3
            if distance > len(out):
                return bytes(out)
            start = len(out) - distance
            piece = bytes(out[start : start + length])
            out += (piece * (length // distance + 1))[:length] if length > distance else piece
    return bytes(out[:_CHUNK_BYTES])
