"""PPMd in 7z, through the system's libarchive: it gets an archive of one file, made around the packed bytes.

7zFormat.txt of the LZMA SDK.
"""

import struct
import zlib
from collections.abc import Iterator

from garrison.engine.formats import libarchive
from garrison.engine.formats.opener import CORRUPT
from garrison.engine.formats.unpack import MEMORY_BYTES, TOO_MUCH_MEMORY
from garrison.engine.guard import Incomplete

METHOD = b"\x03\x04\x01"
_PROPERTIES = 5  # the order of the model in a byte, its memory in four


def unpacked(data: bytes, properties: bytes, size: int) -> Iterator[bytes]:
    """Yield what packed bytes unpack to. Raises Incomplete, when the library is missing as well."""
    if len(properties) < _PROPERTIES:
        raise Incomplete(CORRUPT)
    if int.from_bytes(properties[1:_PROPERTIES], "little") > MEMORY_BYTES:
        raise Incomplete(TOO_MUCH_MEMORY)
    if not libarchive.is_loaded():
        raise Incomplete(libarchive.MISSING)
    return _pieces(archive(data, properties, size))


def archive(data: bytes, properties: bytes, size: int) -> bytes:
    """Return a 7z archive of packed bytes."""
    coder = bytes((0x20 | len(METHOD),)) + METHOD + bytes((_PROPERTIES,)) + properties[:_PROPERTIES]
    packed = b"\x06\x00\x01\x09" + _number(len(data)) + b"\x00"
    folder = b"\x07\x0b\x01\x00\x01" + coder + b"\x0c" + _number(size) + b"\x00"
    names = b"\x00x\x00\x00\x00"
    header = (
        b"\x01\x04" + packed + folder + b"\x08\x00" + b"\x00\x05\x01\x11" + bytes((len(names),)) + names + b"\x00\x00"
    )
    start = struct.pack("<QQL", len(data), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start + data + header


def _number(value: int) -> bytes:
    return b"\xff" + struct.pack("<Q", value)


def _pieces(whole: bytes) -> Iterator[bytes]:
    reader = libarchive.SevenZipReader(whole)
    try:
        if reader.next() is None:
            raise Incomplete(CORRUPT)
        yield from reader.pieces()
    finally:
        reader.close()
