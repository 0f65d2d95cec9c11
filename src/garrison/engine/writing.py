"""What people write, told apart by its content: scripts, pages, mails, text."""

import re

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
_LOOKED_AT = 2048  # for the language
_SIGNS = b"(){};=$%@&"
_FEWEST_SIGNS = 1 / 70  # of the characters; prose has fewer of what programs are full of
# What a language's programs say, in small letters, and how much each weighs. A text is of the language with the most.
_WORDS: tuple[tuple[bytes, Type, int], ...] = (
    (b"function", Type.JAVASCRIPT, 1),
    (b"'use strict'", Type.JAVASCRIPT, 3),
    (b'"use strict"', Type.JAVASCRIPT, 3),
    (b"exports.", Type.JAVASCRIPT, 2),
    (b"require(", Type.JAVASCRIPT, 1),
    (b"var ", Type.JAVASCRIPT, 1),
    (b"document.", Type.JAVASCRIPT, 1),
    (b"window.", Type.JAVASCRIPT, 1),
    (b"activexobject", Type.JAVASCRIPT, 3),
    (b"fromcharcode", Type.JAVASCRIPT, 2),
    (b"eval(", Type.JAVASCRIPT, 1),
    (b"createobject(", Type.VBSCRIPT, 2),
    (b"end sub", Type.VBSCRIPT, 2),
    (b"end function", Type.VBSCRIPT, 2),
    (b"dim ", Type.VBSCRIPT, 1),
    (b"on error resume", Type.VBSCRIPT, 3),
    (b"wscript.", Type.VBSCRIPT, 1),
    (b"execute", Type.VBSCRIPT, 1),
    (b"strreverse(", Type.VBSCRIPT, 2),
    (b"$env:", Type.POWERSHELL, 2),
    (b"write-host", Type.POWERSHELL, 2),
    (b"new-object", Type.POWERSHELL, 2),
    (b"invoke-", Type.POWERSHELL, 2),
    (b"[convert]::", Type.POWERSHELL, 2),
    (b"[system.", Type.POWERSHELL, 2),
    (b"base64string(", Type.POWERSHELL, 2),
    (b"powershell", Type.POWERSHELL, 1),
    (b"[cmdletbinding", Type.POWERSHELL, 3),
    (b"start-process", Type.POWERSHELL, 2),
    (b"-object", Type.POWERSHELL, 1),
    (b"@echo off", Type.BATCH, 3),
    (b"setlocal", Type.BATCH, 2),
    (b"errorlevel", Type.BATCH, 1),
    (b"cmd /c", Type.BATCH, 1),
    (b"reg add ", Type.BATCH, 2),
)


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
        return _markup(narrow_head(body)) if is_wide(body) else Type.DATA
    return _markup(narrow_head(body))


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
    small = body[:_LOOKED_AT].lower()
    if len(small) - len(small.translate(None, _SIGNS)) < len(small) * _FEWEST_SIGNS:
        return Type.TEXT
    points: dict[Type, int] = {}
    for word, kind, weight in _WORDS:
        if word in small:
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
