"""Containers made for the tests."""

import binascii
import bz2
import gzip
import hashlib
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable

import lz4.frame
from backports import zstd
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from garrison.engine.formats import alz as alz_format
from garrison.engine.formats import apple_double as apple_double_format
from garrison.engine.formats import arj as arj_format
from garrison.engine.formats import bzip2 as bzip2_format
from garrison.engine.formats import cab as cab_format
from garrison.engine.formats import compress as compress_format
from garrison.engine.formats import egg as egg_format
from garrison.engine.formats import gzip as gzip_format
from garrison.engine.formats import lha as lha_format
from garrison.engine.formats import lz4 as lz4_format
from garrison.engine.formats import lzip as lzip_format
from garrison.engine.formats import macbinary as macbinary_format
from garrison.engine.formats import rar as rar_format
from garrison.engine.formats import rar_crypto
from garrison.engine.formats import seven_zip as seven_zip_format
from garrison.engine.formats import szdd as szdd_format
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


def make_cab(files: Files, method: int = 1) -> bytes:
    """Return a cabinet of one folder; method: 0 stored, 1 MSZIP."""
    names, content = b"", b""
    for name, inside in files:
        names += struct.pack("<LLHHHH", len(inside), len(content), 0, 0, 0, 0) + name.encode() + b"\x00"
        content += inside
    blocks, before, data = 0, b"", b""
    for at in range(0, len(content), 32768):
        piece = content[at : at + 32768]
        packer = zlib.compressobj(9, zlib.DEFLATED, -15, 9, 0, before) if before else zlib.compressobj(9, 8, -15)
        packed = b"CK" + packer.compress(piece) + packer.flush() if method else piece
        data += struct.pack("<LHH", 0, len(packed), len(piece)) + packed
        before = piece
        blocks += 1
    start = 36 + 8 + len(names)
    head = struct.pack("<4s5L2B5H", b"MSCF", 0, start + len(data), 0, 44, 0, 3, 1, 1, len(list(files)), 0, 0, 0)
    return head + struct.pack("<LHH", start, blocks, method) + names + data


def make_szdd(content: bytes) -> bytes:
    """Return an SZDD file: zeros and spaces in matches, all else in literals."""
    out = bytearray()
    if content and content == bytes(len(content)):
        tokens = [b"\x00"] * 18
        done = 18
        while done < len(content):
            length = min(18, len(content) - done)
            if length < 3:
                tokens += [b"\x00"] * length
            else:
                place = (4096 - 16 + done - 18) % 4096
                tokens.append(bytes((place & 255, place >> 4 & 0xF0 | length - 3)))
            done += length
        tokens = tokens[: len(content)] if len(content) < 18 else tokens
    else:
        tokens = [content[at : at + 1] for at in range(len(content))]
    for at in range(0, len(tokens), 8):
        group = tokens[at : at + 8]
        out.append(sum(1 << bit for bit, token in enumerate(group) if len(token) == 1))
        out += b"".join(group)
    return b"SZDD\x88\xf0\x27\x33A\x00" + struct.pack("<L", len(content)) + out


def _number(value: int) -> bytes:
    return b"\xff" + struct.pack("<Q", value)


def make_7z(content: bytes, method: bytes = b"\x21", properties: bytes = b"\x12") -> bytes:
    """Return a 7z archive of one file; method: LZMA2, or 00 for stored."""
    names = b"\x00" + "inner\x00".encode("utf-16-le")
    empty = b"\x0e\x01\x80\x0f\x01\x80" if not content else b""
    packed = content
    if method != b"\x00":
        chain = [{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}]
        packed = lzma.compress(content, lzma.FORMAT_RAW, filters=chain) if content else b""
    coder = bytes((len(method) | (0x20 if properties else 0),)) + method
    coder += bytes((len(properties),)) + properties if properties else b""
    streams = b"\x04\x06\x00\x01\x09" + _number(len(packed)) + b"\x00\x07\x0b\x01\x00\x01" + coder
    streams += b"\x0c" + _number(len(content)) + b"\x0a\x01" + struct.pack("<L", zlib.crc32(content)) + b"\x00\x00"
    files = b"\x05\x01" + empty + b"\x11" + bytes((len(names),)) + names + b"\x00"
    header = b"\x01" + (streams if content else b"") + files + b"\x00"
    start = struct.pack("<QQL", len(packed), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start + packed + header


def make_alz(content: bytes, method: int = 2) -> bytes:
    """Return an ALZ archive of one file; method: 0 stored, 1 bzip2, 2 DEFLATE."""
    packed = (content, bz2.compress(content), raw_deflate(content))[method]
    head = struct.pack("<HBLBB", 5, 0x20, 0, 0x40, 0) + struct.pack("<BB3L", method, 0, 0, len(packed), len(content))
    return b"ALZ\x01\x0a\0\0\0BLZ\x01" + head + b"inner" + packed + b"CLZ\x01" + bytes(8) + b"CLZ\x02"


def make_egg(content: bytes, method: int = 1) -> bytes:
    """Return an EGG archive of one file; method: 0 stored, 1 DEFLATE, 2 bzip2."""
    packed = (content, raw_deflate(content), bz2.compress(content))[method]
    end = struct.pack("<L", 0x08E28222)
    name = struct.pack("<LBH", 0x0A8591AC, 0, 5) + b"inner"
    block = struct.pack("<LBB3L", 0x02B50C13, method, 0, len(content), len(packed), 0) + end + packed
    file = struct.pack("<LLQ", 0x0A8590E3, 0, len(content)) + name + end
    return b"EGGA" + struct.pack("<HLL", 0x100, 1, 0) + end + file + block + end


def make_apple_double(entries: Iterable[tuple[int, bytes]], is_single: bool = True) -> bytes:
    """Return an AppleSingle or AppleDouble file of numbered parts."""
    parts = list(entries)
    table, body, start = b"", b"", 26 + 12 * len(parts)
    for number, content in parts:
        table += struct.pack(">3L", number, start + len(body), len(content))
        body += content
    return struct.pack(">LL16xH", 0x00051600 if is_single else 0x00051607, 0x20000, len(parts)) + table + body


def in_apple_single(content: bytes) -> bytes:
    return make_apple_double([(3, b"inner"), (1, content)])


def make_macbinary(content: bytes, resources: bytes = b"", second: bytes = b"") -> bytes:
    """Return a MacBinary II file. second: what follows its header as another one."""
    head = struct.pack(">BB63s8s10xLL", 0, 5, b"inner", b"TEXTttxt", len(content), len(resources)).ljust(120, b"\0")
    head += struct.pack(">HBB", len(second), 129, 129)
    head += struct.pack(">H2x", binascii.crc_hqx(head, 0))
    return head + b"".join(part + bytes(-len(part) % 128) for part in (second, content, resources))


def make_lha(content: bytes, level: int = 0, name: bytes = b"inner", method: bytes = b"-lh0-", size: int = -1) -> bytes:
    """Return an LHA archive of one file; content: as packed; size: unpacked, when it is another."""
    size = len(content) if size < 0 else size
    rest = method + struct.pack("<LLL", len(content), size, 0) + bytes((0x20, level))
    if level == 0:
        rest += bytes((len(name),)) + name + bytes(2)
        return bytes((len(rest), 0)) + rest + content + b"\0"
    if level == 1:
        extra = struct.pack("<HB", 0, 1)[2:] + name
        extra += bytes(2)
        fixed = rest.replace(
            struct.pack("<LLL", len(content), size, 0), struct.pack("<LLL", len(content) + len(extra), size, 0)
        )
        fixed += b"\0" + bytes(2) + b"U" + struct.pack("<H", len(extra))
        return bytes((len(fixed), 0)) + fixed + extra + content + b"\0"
    wide = "<H" if level == 2 else "<L"
    step = struct.calcsize(wide)
    extra = b"\1" + name + bytes(step)
    if level == 2:
        fixed = rest + bytes(2) + b"U" + struct.pack("<H", len(extra))
        return struct.pack("<H", 2 + len(fixed) + len(extra)) + fixed + extra + content + b"\0"
    fixed = rest + bytes(2) + b"U"
    total = 2 + len(fixed) + 8 + len(extra)
    return struct.pack("<H", 4) + fixed + struct.pack("<LL", total, len(extra)) + extra + content + b"\0"


def make_arj(content: bytes, method: int = 0, size: int = -1) -> bytes:
    """Return an ARJ archive of one file; content: as packed; size: unpacked, when it is another."""
    size = len(content) if size < 0 else size

    def header(kind: int, packed: int, unpacked: int, name: bytes) -> bytes:
        fixed = struct.pack("<8B4L3H", 30, 11, 1, 2, 0, method, kind, 0, 0, packed, unpacked, 0, 0, 0, 0)
        whole = fixed + name + b"\0\0"
        return b"\x60\xea" + struct.pack("<H", len(whole)) + whole + struct.pack("<LH", zlib.crc32(whole), 0)

    return header(2, 0, 0, b"sample.arj") + header(0, len(content), size, b"inner") + content + b"\x60\xea\0\0"


def make_lzip(content: bytes) -> bytes:
    packed = lzma.compress(content, lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 20}])
    return b"LZIP\x01\x14" + packed + struct.pack("<LQQ", zlib.crc32(content), len(content), len(packed) + 26)


def make_compress(content: bytes) -> bytes:
    """Return a .Z file: codes of 9 bits, with a clearing before they would grow; runs of one byte are matched."""
    codes: list[int] = []
    at = 0
    while at < len(content):
        codes += content[at : at + 248]
        at += 248
        codes += [256] + [0] * 7 if at < len(content) else []
    value = sum(code << 9 * place for place, code in enumerate(codes)) if len(codes) < 2000 else -1
    if value >= 0:
        return b"\x1f\x9d\x90" + value.to_bytes((len(codes) * 9 + 7) // 8, "little")
    out = bytearray(b"\x1f\x9d\x90")
    for place in range(0, len(codes), 8):
        group = codes[place : place + 8]
        packed = sum(code << 9 * number for number, code in enumerate(group))
        out += packed.to_bytes((len(group) * 9 + 7) // 8, "little")
    return bytes(out)


def make_rar(content: bytes, password: bytes = b"") -> bytes:
    """Return a RAR 5 archive of one stored member, encrypted when there is a password."""
    salt, block, extra = bytes(range(16)), bytes(range(16, 32)), b""
    packed, rounds = content, 2
    if password:
        key = hashlib.pbkdf2_hmac("sha256", password, salt, rounds)
        cipher = Cipher(algorithms.AES(key), modes.CBC(block)).encryptor()
        packed = cipher.update(content + bytes(-len(content) % 16))
        check = rar_crypto.check_5(password, salt, rounds)
        record = b"\x01\x00\x01\x01" + salt + block + check + bytes(4)
        extra = rar_number(len(record)) + record
    name = b"inner"
    sizes = (rar_number(len(extra)) if extra else b"") + rar_number(len(packed)) + b"\x00" + rar_number(len(content))
    fields = bytes((2, 3 if extra else 2)) + sizes + b"\x20\x00\x01" + bytes((len(name),)) + name + extra
    return (
        b"Rar!\x1a\x07\x01\x00" + rar_block(b"\x01\x00\x00") + rar_block(fields) + packed + rar_block(b"\x05\x00\x00")
    )


def rar_block(fields: bytes) -> bytes:
    """Return a header of RAR 5."""
    header = rar_number(len(fields)) + fields
    return struct.pack("<L", zlib.crc32(header)) + header


def rar_number(value: int) -> bytes:
    return bytes((value & 0x7F | 0x80,)) + rar_number(value >> 7) if value > 0x7F else bytes((value,))


def in_cab(content: bytes) -> bytes:
    return make_cab([("inner", content)])


def in_7z(content: bytes) -> bytes:
    return make_7z(content)


FORMS = (
    Form(Type.ZIP, zip_format.members, in_zip),
    Form(Type.TAR, tar_format.members, in_tar, can_bomb=False),
    Form(Type.GZIP, gzip_format.members, in_gzip),
    Form(Type.BZIP2, bzip2_format.members, bz2.compress, is_streamed=False),
    Form(Type.XZ, xz_format.members, in_xz),
    Form(Type.LZMA, xz_format.members_of_lzma, in_lzma),
    Form(Type.ZSTD, zstd_format.members, zstd.compress, is_streamed=False),
    Form(Type.CAB, cab_format.members, in_cab),
    Form(Type.SZDD, szdd_format.members, make_szdd, can_bomb=False),
    Form(Type.ALZ, alz_format.members, make_alz),
    Form(Type.EGG, egg_format.members, make_egg),
    Form(Type.APPLE_DOUBLE, apple_double_format.members, in_apple_single, can_bomb=False),
    Form(Type.MACBINARY, macbinary_format.members, make_macbinary, can_bomb=False),
    Form(Type.LHA, lha_format.members, make_lha, can_bomb=False),
    Form(Type.ARJ, arj_format.members, make_arj, can_bomb=False),
    Form(Type.RAR, rar_format.members, make_rar, can_bomb=False),
    Form(Type.LZIP, lzip_format.members, make_lzip),
    Form(Type.LZ4, lz4_format.members, lz4.frame.compress, is_streamed=False, can_bomb=False),
    Form(Type.COMPRESS, compress_format.members, make_compress, can_bomb=False),
    Form(Type.SEVEN_ZIP, seven_zip_format.members, in_7z, is_streamed=False),
)

# The forms that hold any bytes, by type: what other tests wrap things in.
WRAP: dict[Type, Callable[[bytes], bytes]] = {form.kind: form.wrap for form in FORMS}
OPEN: dict[Type, Opener] = {form.kind: form.opener for form in FORMS}
SINGLE = (Type.GZIP, Type.BZIP2, Type.XZ, Type.LZMA, Type.ZSTD)
