"""The texts of the conformance suite."""

import base64
import binascii
import struct

from garrison.engine.formats import binhex, mail, mbox, tnef, uuencode
from garrison.engine.type import Type
from tests.engine.forms import Form

HEAD = b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
ATTACHED = b"Content-Type: application/octet-stream; name=inner\r\nContent-Transfer-Encoding: base64\r\n\r\n"


def in_mail(content: bytes) -> bytes:
    return HEAD + ATTACHED + base64.encodebytes(content)


def in_multipart(content: bytes) -> bytes:
    first = b"--limit\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    second = b"--limit\r\n" + ATTACHED + base64.encodebytes(content) + b"--limit--\r\n"
    return HEAD + b'Content-Type: multipart/mixed; boundary="limit"\r\n\r\n' + first + second


def in_mbox(content: bytes) -> bytes:
    return b"From a@example.org Thu Jan  1 00:00:00 2026\n" + HEAD.replace(b"\r", b"") + b"\n" + content + b"\n"


def in_uuencode(content: bytes, name: bytes = b"inner") -> bytes:
    lines = b"".join(binascii.b2a_uu(content[at : at + 45]) for at in range(0, len(content), 45))
    return b"begin 644 " + name + b"\n" + lines + b"`\nend\n"


def in_binhex(content: bytes, name: bytes = b"inner", resource: bytes = b"") -> bytes:
    head = bytes([len(name)]) + name + b"\0TEXTttxt\0\0" + struct.pack(">LL", len(content), len(resource))
    plain = head + b"cc" + content + b"cc" + resource + b"cc"
    packed = plain.replace(b"\x90", b"\x90\0")
    letters = base64.b64encode(packed).rstrip(b"=").translate(bytes.maketrans(binhex._BASE64, binhex._LETTERS))
    lines = b"\n".join((b":" + letters + b":")[at : at + 64] for at in range(0, len(letters) + 2, 64))
    return b"(This file must be converted with BinHex 4.0)\n" + lines + b"\n"


def tnef_attribute(kind: int, content: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHI", level, kind, 6, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def in_tnef(content: bytes, *more: bytes) -> bytes:
    attached = tnef_attribute(0x9002, bytes(14)) + tnef_attribute(0x8010, b"inner\0")
    return b"\x78\x9f\x3e\x22\x01\x00" + attached + tnef_attribute(0x800F, content) + b"".join(more)


FORMS: tuple[Form, ...] = (
    Form(Type.EMAIL, mail.members, in_mail, can_bomb=False),
    Form(Type.EMAIL, mail.members, in_multipart, is_exact=False, can_bomb=False),
    Form(Type.MBOX, mbox.members, in_mbox, is_exact=False, can_bomb=False, text_only=True),
    Form(Type.UUENCODE, uuencode.members, in_uuencode, can_bomb=False),
    Form(Type.BINHEX, binhex.members, in_binhex, can_bomb=False),
    Form(Type.TNEF, tnef.members, in_tnef, can_bomb=False),
)
