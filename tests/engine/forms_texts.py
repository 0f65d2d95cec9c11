"""The texts of the conformance suite."""

import base64
import binascii
import struct
from collections.abc import Callable

from garrison.engine.formats import binhex, html, mail, mbox, scripts, tnef, uuencode
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
    text = b":" + letters + b":"
    lines = b"\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return b"(This file must be converted with BinHex 4.0)\n" + lines + b"\n"


def tnef_attribute(kind: int, content: bytes, level: int = 2) -> bytes:
    return struct.pack("<BHHI", level, kind, 6, len(content)) + content + struct.pack("<H", sum(content) & 0xFFFF)


def in_tnef(content: bytes, *more: bytes) -> bytes:
    attached = tnef_attribute(0x9002, bytes(14)) + tnef_attribute(0x8010, b"inner\0")
    return b"\x78\x9f\x3e\x22\x01\x00" + attached + tnef_attribute(0x800F, content) + b"".join(more)


def in_page(content: bytes) -> bytes:
    return b"<!DOCTYPE html><html><body><script>eval('" + content + b"')</script></body></html>"


def in_address(content: bytes) -> bytes:
    return b'<a href="data:application/octet-stream;base64,' + base64.b64encode(content) + b'">x</a>'


def in_drawing(content: bytes) -> bytes:
    return b'<svg xmlns="x"><script>eval("' + content + b'")</script></svg>'


def in_wide_text(content: bytes) -> bytes:
    return content.decode("latin-1").encode("utf-16")


HIDDEN = base64.b64encode(b"these are the words that were hidden")


def in_javascript(content: bytes) -> bytes:
    return b"var w = eval(atob('" + HIDDEN + b"')); function f() { return 1; }\n/* " + content + b" */"


def in_vbscript(content: bytes) -> bytes:
    return b'Dim w\nw = CreateObject("a" & "b" & "c" & "d" & "e" & "f")\n\' ' + content


def in_powershell(content: bytes) -> bytes:
    return b"$env:x = ne`w-ob`ject x; Write-Host 'y'; iex 'x'\n# " + content


def in_batch(content: bytes) -> bytes:
    return b"@echo off\r\nsetlocal\r\np^ow^er^sh^el^l -x %1\r\nrem " + content


def in_php(content: bytes) -> bytes:
    return b"<?php $w = base64_decode('" + HIDDEN + b"'); /* " + content + b" */"


def in_commands(program: bytes) -> Callable[[bytes], bytes]:
    def in_script(content: bytes) -> bytes:
        return b"#!/usr/bin/" + program + b"\n# base64: " + HIDDEN + b"\n# " + content

    return in_script


FORMS: tuple[Form, ...] = (
    Form(Type.EMAIL, mail.members, in_mail, can_bomb=False),
    Form(Type.EMAIL, mail.members, in_multipart, is_exact=False, can_bomb=False),
    Form(Type.MBOX, mbox.members, in_mbox, is_exact=False, can_bomb=False, text_only=True),
    Form(Type.UUENCODE, uuencode.members, in_uuencode, can_bomb=False),
    Form(Type.BINHEX, binhex.members, in_binhex, can_bomb=False),
    Form(Type.TNEF, tnef.members, in_tnef, can_bomb=False),
    Form(Type.HTML, html.members, in_address, is_exact=False, can_bomb=False),
    *(
        Form(kind, opener, wrap, is_exact=False, is_streamed=False, can_bomb=False, text_only=True)
        for kind, opener, wrap in (
            (Type.HTML, html.members, in_page),
            (Type.SVG, html.members, in_drawing),
            (Type.TEXT, scripts.opener(Type.TEXT), in_wide_text),
            (Type.JAVASCRIPT, scripts.opener(Type.JAVASCRIPT), in_javascript),
            (Type.VBSCRIPT, scripts.opener(Type.VBSCRIPT), in_vbscript),
            (Type.POWERSHELL, scripts.opener(Type.POWERSHELL), in_powershell),
            (Type.BATCH, scripts.opener(Type.BATCH), in_batch),
            (Type.PHP, scripts.opener(Type.PHP), in_php),
            (Type.SHELL, scripts.opener(Type.SHELL), in_commands(b"bash")),
            (Type.PYTHON, scripts.opener(Type.PYTHON), in_commands(b"python3")),
            (Type.PERL, scripts.opener(Type.PERL), in_commands(b"perl")),
            (Type.RUBY, scripts.opener(Type.RUBY), in_commands(b"ruby")),
            (Type.SCRIPT, scripts.opener(Type.SCRIPT), in_commands(b"awk")),
        )
    ),
)
