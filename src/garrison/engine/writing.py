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
        return Type.DATA
    return _markup(_narrow(body))


def _markup(body: bytes) -> Type:
    if b"<" in body[:1024]:
        if _HTML.match(body):
            return Type.HTML
        if _XML.match(body):
            return Type.HTML if _XHTML.search(body, 0, 1024) else Type.XML
    if _HEADER_FIRST.match(body) and len(_HEADER.findall(body)) >= 2:
        return Type.EMAIL
    return Type.TEXT


def _narrow(body: bytes) -> bytes:
    """Return UTF-16 text without its zero bytes, so that one set of patterns serves."""
    return body[2:].replace(b"\x00", b"") if body.startswith(_BOMS) else body


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
