"""Containers made for the tests."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable

from backports import zstd

from garrison.engine.formats import bzip2 as bzip2_format
from garrison.engine.formats import gzip as gzip_format
from garrison.engine.formats import tar as tar_format
from garrison.engine.formats import xz as xz_format
from garrison.engine.formats import zip as zip_format
from garrison.engine.formats import zstd as zstd_format
from garrison.engine.formats.opener import Opener
from garrison.engine.type import Type
from tests.engine.forms import Form

Files = Iterable[tuple[str, bytes]]


def make_zip(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


class _Unseekable(io.RawIOBase):
    """What a pipe is to a writer: the sizes must follow the data."""

    def __init__(self) -> None:
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self.content += piece
        return len(piece)


def make_streamed_zip(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = _Unseekable()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return out.content


def make_tar(files: Files, form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in files:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def make_gzip(content: bytes, name: str = "", extra: bytes = b"", comment: str = "", check: bool = False) -> bytes:
    """Return one gzip stream with the optional fields of RFC 1952."""
    flags = (4 if extra else 0) | (8 if name else 0) | (16 if comment else 0) | (2 if check else 0)
    header = struct.pack("<2sBBLBB", b"\x1f\x8b", 8, flags, 0, 0, 255)
    if extra:
        header += struct.pack("<H", len(extra)) + extra
    for text in (name, comment):
        header += text.encode("utf-8", "surrogateescape") + b"\x00" if text else b""
    header += struct.pack("<H", zlib.crc32(header) & 0xFFFF) if check else b""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(content) + packer.flush()
    return header + data + struct.pack("<LL", zlib.crc32(content), len(content) & 0xFFFFFFFF)


def raw_deflate(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def local_header(name: bytes, data: bytes, method: int = 0, flags: int = 0, size: int | None = None) -> bytes:
    """Return a zip's local header and the packed data."""
    unpacked = len(data) if size is None else size
    fixed = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, flags, method, 0, 0, 0, len(data), unpacked, len(name), 0)
    return fixed + name + data


def central_entry(name: bytes, packed: int, at: int, method: int = 0, flags: int = 0, size: int = 0) -> bytes:
    """Return one entry of a zip's central directory."""
    head = struct.pack("<4s6H3L", b"PK\x01\x02", 20, 20, flags, method, 0, 0, 0, packed, size)
    return head + struct.pack("<5H2L", len(name), 0, 0, 0, 0, 0, at) + name


def zip_end(count: int, length: int, at: int) -> bytes:
    """Return a zip's end record."""
    return struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count & 0xFFFF, count & 0xFFFF, length, at, 0)


def in_zip(content: bytes) -> bytes:
    return make_zip([("inner", content)])


def in_stored_zip(content: bytes) -> bytes:
    return make_zip([("inner", content)], zipfile.ZIP_STORED)


def in_tar(content: bytes) -> bytes:
    return make_tar([("inner", content)])


def in_gzip(content: bytes) -> bytes:
    return gzip.compress(content, 6, mtime=0)


def in_lzma(content: bytes) -> bytes:
    return lzma.compress(content, lzma.FORMAT_ALONE)


def in_xz(content: bytes) -> bytes:
    return lzma.compress(content)


FORMS = (
    Form(Type.ZIP, zip_format.members, in_zip),
    Form(Type.TAR, tar_format.members, in_tar, can_bomb=False),
    Form(Type.GZIP, gzip_format.members, in_gzip),
    Form(Type.BZIP2, bzip2_format.members, bz2.compress, is_streamed=False),
    Form(Type.XZ, xz_format.members, in_xz),
    Form(Type.LZMA, xz_format.members_of_lzma, in_lzma),
    Form(Type.ZSTD, zstd_format.members, zstd.compress, is_streamed=False),
)

# The forms that hold any bytes, by type: what other tests wrap things in.
WRAP: dict[Type, Callable[[bytes], bytes]] = {form.kind: form.wrap for form in FORMS}
OPEN: dict[Type, Opener] = {form.kind: form.opener for form in FORMS}
SINGLE = (Type.GZIP, Type.BZIP2, Type.XZ, Type.LZMA, Type.ZSTD)
