"""The images of the conformance suite, made by small writers."""

import gzip
import lzma
import struct
from collections.abc import Iterable

from backports import zstd

from garrison.engine.formats import ar, cpio, rpm
from garrison.engine.type import Type
from tests.engine.forms import Form

Files = Iterable[tuple[str, bytes]]


def make_ar(files: Files) -> bytes:
    """Return a System V archive; names of 15 bytes and more go into a table."""
    table, body = b"", b""
    for name, content in files:
        field = name.encode() + b"/"
        if len(field) > 16:
            field = b"/%d" % len(table)
            table += name.encode() + b"/\n"
        body += ar_member(field, content)
    return b"!<arch>\n" + (ar_member(b"//", table) if table else b"") + body


def ar_member(field: bytes, content: bytes) -> bytes:
    head = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (field, 0, 0, 0, 0o100644, len(content))
    return head + content + b"\n" * (len(content) % 2)


def make_newc(files: Files, magic: bytes = b"070701", mode: int = 0o100644) -> bytes:
    """Return a cpio archive in the new format."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        fields = (1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name.encode()) + 1, 0)
        out += magic + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\x00"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(content) % 4)
    return out


def make_odc(files: Files) -> bytes:
    """Return a cpio archive in POSIX's portable format."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        out += b"070707%06o%06o%06o%06o%06o%06o%06o%011o" % (0, 1, 0o100644, 0, 0, 1, 0, 0)
        out += b"%06o%011o" % (len(name.encode()) + 1, len(content)) + name.encode() + b"\x00" + content
    return out


def make_bin(files: Files, order: str = "<") -> bytes:
    """Return a cpio archive in the old binary format. order: of the bytes, as in struct."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        text = name.encode() + b"\x00"
        size = (len(content) >> 16, len(content) & 0xFFFF)
        out += struct.pack(order + "13H", 0o070707, 0, 1, 0o100644, 0, 0, 1, 0, 0, 0, len(text), *size)
        out += text + bytes(len(text) % 2) + content + bytes(len(content) % 2)
    return out


def rpm_header(tags: Iterable[tuple[int, int, int, bytes]] = ()) -> bytes:
    """Return an RPM header of entries: tag, type, count, value."""
    index, store = b"", b""
    for tag, kind, count, value in tags:
        index += struct.pack(">LLLL", tag, kind, len(store), count)
        store += value
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">LL", len(index) // 16, len(store)) + index + store


def make_rpm(payload: bytes, tags: Iterable[tuple[int, int, int, bytes]] = ()) -> bytes:
    lead = b"\xed\xab\xee\xdb\x03\x00" + bytes(90)
    signature = rpm_header([(1000, 7, 3, b"abc")])
    return lead + signature + bytes(-len(signature) % 8) + rpm_header(tags) + payload


def in_ar(content: bytes) -> bytes:
    return make_ar([("inner", content)])


def in_newc(content: bytes) -> bytes:
    return make_newc([("inner", content)])


def in_odc(content: bytes) -> bytes:
    return make_odc([("inner", content)])


def in_bin(content: bytes) -> bytes:
    return make_bin([("inner", content)])


def in_rpm(content: bytes) -> bytes:
    return make_rpm(gzip.compress(in_newc(content), 6, mtime=0))


def in_rpm_of_xz(content: bytes) -> bytes:
    return make_rpm(lzma.compress(in_newc(content)))


def in_rpm_of_zstd(content: bytes) -> bytes:
    return make_rpm(zstd.compress(in_newc(content)))


FORMS: tuple[Form, ...] = (
    Form(Type.AR, ar.members, in_ar, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_newc, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_odc, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_bin, can_bomb=False),
    Form(Type.RPM, rpm.members, in_rpm),
    Form(Type.RPM, rpm.members, in_rpm_of_zstd, is_streamed=False),
)
