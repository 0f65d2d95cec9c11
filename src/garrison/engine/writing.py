"""What people write, told apart by its content: scripts, pages, mails, text."""

import re
from collections.abc import Mapping

from garrison.engine.type import Type

_FIRST_LINE = re.compile(rb"#![ \t]*(?P<program>\S+)(?P<rest>[^\r\n]*)")
_PHP = re.compile(rb"<\?(?:php\b|=)", re.IGNORECASE)
_HTML = re.compile(
    rb"\s*+(?:<!--(?>.*?-->)\s*+)*+<(?:!doctype\s+html|html|head|body|script|iframe)\b", re.IGNORECASE | re.DOTALL
)
_XHTML = re.compile(rb"<!doctype\s+html|<html\b", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml\b")
_HEADER = re.compile(
    rb"(?mi)^(?:from|to|cc|subject|date|received|return-path|delivered-to|message-id|mime-version|content-type|"
    rb"reply-to|x-[a-z0-9-]+):"
)
_HEADER_FIRST = re.compile(rb"(?:From |[A-Za-z][A-Za-z0-9-]{1,40}:)")
_CONTROL = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x08\x1b")) + b"\x7f"
_ASCII = bytes(range(0x80))
_MANY_HIGH = 0.3  # more of a text in no Unicode encoding is no text
_PROGRAMS: tuple[tuple[bytes, Type], ...] = (
    (b"python", Type.PYTHON),
    (b"pypy", Type.PYTHON),
    (b"perl", Type.PERL),
    (b"ruby", Type.RUBY),
    (b"jruby", Type.RUBY),
    (b"node", Type.JAVASCRIPT),
    (b"deno", Type.JAVASCRIPT),
    (b"bun", Type.JAVASCRIPT),
    (b"php", Type.PHP),
)
_SHELLS = frozenset({b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"mksh", b"csh", b"tcsh", b"fish", b"busybox"})
_BOMS = (b"\xff\xfe", b"\xfe\xff")
_FOLDER = re.compile(rb"From [^\r\n]{0,200}\d{4}[^\r\n]{0,20}\r?\n[A-Za-z>][A-Za-z0-9-]{1,40}[: ]")
_UUENCODE = re.compile(rb"begin(?:-base64)? [0-7]{3,4} [^\r\n]+\r?\n")
_BINHEX = b"(This file must be converted with BinHex"
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_TAG = re.compile(
    rb"\s*+<(?:a|b|i|p|hr|br|h[1-6]|li|ul|ol|td|tr|div|img|pre|span|meta|link|form|title|style|table|center|font|base|"
    rb"object|embed|applet|frameset|input|script|iframe|button|svg)(?=[\s>/])",
    re.IGNORECASE,
)
_ENOUGH = 3
_LOOKED_AT = 1024  # for the language
_SIGNS = b"(){};=$%@&"
_FEWEST_SIGNS = 1 / 64  # of the characters; prose has fewer of what programs are full of
_INSIDE_WORDS = b"abcdefghijklmnopqrstuvwxyz$@-"
_TO_WORDS = bytes(byte if byte in _INSIDE_WORDS else 0x20 for byte in bytes(range(256)).lower())
# What a language's programs say, in small letters, with what each weighs.
_SAID: Mapping[Type, str] = {
    Type.JAVASCRIPT: "function:1 strict:1 exports:2 require:1 var:1 const:1 let:1 document:1 window:1 prototype:2 "
    "activexobject:3 fromcharcode:2 eval:1 unescape:2 atob:2 settimeout:2 typeof:2 undefined:1",
    Type.VBSCRIPT: "createobject:2 sub:1 then:1 dim:2 resume:1 wscript:1 execute:1 executeglobal:3 strreverse:2 "
    "chr:1 chrw:1 msgbox:2 getobject:2",
    Type.POWERSHELL: "$env:2 write-host:2 write-output:2 new-object:2 invoke-expression:3 invoke-webrequest:3 iex:2 "
    "frombase:2 powershell:1 cmdletbinding:3 start-process:2 where-object:2 foreach-object:2 downloadstring:2 "
    "downloadfile:2 set-executionpolicy:2 import-module:2 add-type:2 memorystream:2 $null:1 $true:1 $false:1 -enc:2 "
    "-encodedcommand:2 -windowstyle:2 -nop:2 -executionpolicy:2 get-content:2 "
    "-erroraction:2 set-mppreference:3 add-mppreference:3",
    Type.BATCH: "@echo:1 off:2 setlocal:2 errorlevel:1 goto:1 cmd:1 rem:1 comspec:2 endlocal:2 reg:1 schtasks:1 "
    "certutil:1 "
    "exist:1 taskkill:2 bitsadmin:2 attrib:1",
}
_WEIGHTS = {
    word.partition(":")[0].encode(): (kind, int(word.partition(":")[2]))
    for kind, words in _SAID.items()
    for word in words.split()
}


def written(head: bytes) -> Type:
    """Return the type of what people write: scripts, pages, mails, text; or data."""
    if head.startswith(b"#!"):
        return _script(head)
    body = head.removeprefix(b"\xef\xbb\xbf")
    if body.startswith(b"#!"):
        return _script(body)
    if b"<?" in body[:1024] and _PHP.search(body, 0, 1024):
        return Type.PHP
    if not _is_text(body):
        return _wide(narrow_head(body)) if is_wide(body) else Type.DATA
    return _wide(narrow_head(body)) if body.startswith(_BOMS) else _markup(body)


def _wide(narrow: bytes) -> Type:
    if not _is_text(narrow):
        return Type.TEXT if any(byte > 0x7F for byte in narrow[:64]) else Type.DATA
    return Type.PHP if _PHP.search(narrow, 0, 1024) else _markup(narrow)


def is_wide(content: bytes) -> bool:
    """Return whether bytes are UTF-16, by a byte order mark or by the zero bytes of Western letters."""
    if content.startswith(_BOMS):
        return len(content) >= 4 and b"\x00\x00" not in content[2:66]
    zeros = content[1:64:2].count(0), content[:64:2].count(0)
    return min(zeros) == 0 and max(zeros) >= 12 and b"\x00\x00" not in content[:64]


def _markup(body: bytes) -> Type:
    """Return the type of a text by how it begins, else by the language it seems to be in."""
    found = _page(body) if b"<" in body[:1024] else None
    return found or _folder(body) or _language(body)


def _page(body: bytes) -> Type | None:
    if _HTML.match(body):
        return Type.HTML
    if _XML.match(body):
        return _of_xml(body)
    if _TAG.match(body):
        return Type.SVG if _SVG.match(body.lstrip()) else Type.HTML
    return None


def _folder(body: bytes) -> Type | None:
    """Return the type of a mail, or of what mails carry, by how it begins."""
    if _HEADER_FIRST.match(body):
        if _FOLDER.match(body):
            return Type.MBOX
        if len(_HEADER.findall(body)) >= 2:
            return Type.EMAIL
    if _UUENCODE.match(body):
        return Type.UUENCODE
    return Type.BINHEX if _BINHEX in body[:1024] else None


def _of_xml(body: bytes) -> Type:
    if _XHTML.search(body, 0, 1024):
        return Type.HTML
    return Type.SVG if _SVG.search(body) else Type.XML


def _language(body: bytes) -> Type:
    """Return the language whose words a text has most of, if it has enough."""
    start = body[:_LOOKED_AT]
    if len(start) - len(start.translate(None, _SIGNS)) < len(start) * _FEWEST_SIGNS:
        return Type.TEXT
    points: dict[Type, int] = {}
    for word in _WEIGHTS.keys() & set(start.translate(_TO_WORDS).split()):
        kind, weight = _WEIGHTS[word]
        points[kind] = points.get(kind, 0) + weight
    if not points:
        return Type.TEXT
    best = max(points, key=points.__getitem__)
    return best if points[best] >= _ENOUGH else Type.TEXT


def narrow_head(body: bytes) -> bytes:
    """Return UTF-16 text without its mark and zero bytes, so that one set of patterns serves; any other as it is."""
    if body.startswith(_BOMS):
        return body[2:].replace(b"\x00", b"")
    return body.replace(b"\x00", b"") if b"\x00" in body else body


def _is_text(body: bytes) -> bool:
    if body.startswith(_BOMS):
        return len(body) % 2 == 0 and b"\x00\x00" not in body[2:66]
    if len(body.translate(None, _CONTROL)) != len(body):
        return False
    high = len(body.translate(None, _ASCII))
    if not high:
        return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        cut = len(body) - error.start < 4 and error.reason == "unexpected end of data"
        return cut or high < len(body) * _MANY_HIGH
    return True


def _script(head: bytes) -> Type:
    """Return the type from the first line: `#!/bin/sh`, `#!/usr/bin/env -S VAR=1 python3 -u`."""
    line = _FIRST_LINE.match(head)
    if line is None:
        return Type.SCRIPT
    words = [line["program"], *line["rest"].split()]
    program = words[0].rsplit(b"/", 1)[-1]
    if program == b"env":
        named = (word for word in words[1:] if not word.startswith(b"-") and b"=" not in word)
        program = next(named, b"").rsplit(b"/", 1)[-1]
    if program in _SHELLS:
        return Type.SHELL
    return next((kind for name, kind in _PROGRAMS if program.startswith(name)), Type.SCRIPT)
