"""What an object is, by its content and never by its name.

Signatures are from the formats' own specifications; each is looked for in the first 4 KiB only.
"""

import re
from enum import StrEnum

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


class Type(StrEnum):
    """What an object is; the rules see it as `object_type`."""

    ELF = "elf"
    PE = "pe"
    MACHO = "macho"
    ZIP = "zip"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    XZ = "xz"
    LZMA = "lzma"
    ZSTD = "zstd"
    TAR = "tar"
    SEVEN_ZIP = "7z"
    RAR = "rar"
    PDF = "pdf"
    OLE = "ole"
    RTF = "rtf"
    HTML = "html"
    PHP = "php"
    XML = "xml"
    SHELL = "shell"
    PYTHON = "python"
    PERL = "perl"
    RUBY = "ruby"
    JAVASCRIPT = "javascript"
    SCRIPT = "script"
    TEXT = "text"
    DATA = "data"
    JAVA_CLASS = "java-class"
    PNG = "png"
    JPEG = "jpeg"
    GIF = "gif"
    EMAIL = "email"


_MAGIC: tuple[tuple[bytes, Type], ...] = (
    (b"\x7fELF", Type.ELF),
    (b"PK\x03\x04", Type.ZIP),
    (b"PK\x05\x06", Type.ZIP),  # an empty one
    (b"PK\x07\x08", Type.ZIP),  # the first part of a split one
    (b"\x1f\x8b\x08", Type.GZIP),
    (b"\xfd7zXZ\x00", Type.XZ),
    (b"\x28\xb5\x2f\xfd", Type.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Type.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Type.RAR),
    (b"%PDF-", Type.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Type.OLE),
    (b"{\\rt", Type.RTF),  # Word opens what has only this much of the signature
    (b"\x89PNG\r\n\x1a\n", Type.PNG),
    (b"\xff\xd8\xff", Type.JPEG),
    (b"GIF87a", Type.GIF),
    (b"GIF89a", Type.GIF),
    (b"\xfe\xed\xfa\xce", Type.MACHO),
    (b"\xfe\xed\xfa\xcf", Type.MACHO),
    (b"\xce\xfa\xed\xfe", Type.MACHO),
    (b"\xcf\xfa\xed\xfe", Type.MACHO),
)
_BY_FIRST_BYTE: dict[int, tuple[tuple[bytes, Type], ...]] = {
    first: tuple(entry for entry in _MAGIC if entry[0][0] == first) for first in {magic[0] for magic, _ in _MAGIC}
}
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


def identify(head: bytes) -> Type:
    """Return the type of an object from its first 4 KiB (fewer only when it is smaller)."""
    if not head:
        return Type.DATA
    for magic, kind in _BY_FIRST_BYTE.get(head[0], ()):
        if head.startswith(magic):
            return kind
    found = _structured(head)
    if found is not None:
        return found
    if is_tar(head):
        return Type.TAR
    return _written(head)


def _structured(head: bytes) -> Type | None:
    """Return the type of a format whose signature needs a second look."""
    first = head[0]
    if first == 0xCA and head.startswith(b"\xca\xfe\xba\xbe") and len(head) >= 8:
        # Java class files and universal Mach-O share a signature; a class file's version is 45 or more.
        return Type.MACHO if int.from_bytes(head[4:8], "big") < 45 else Type.JAVA_CLASS
    if first == 0x4D and head[1:2] == b"Z":
        return Type.PE if _is_program(head) else None
    if first == 0x42 and head.startswith(b"BZh"):
        is_block = head[4:10] in {b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"}
        return Type.BZIP2 if is_block and 0x31 <= head[3] <= 0x39 else None
    if first & 0xF0 == 0x50 and head[1:4] == b"\x2a\x4d\x18":
        return Type.ZSTD  # a skippable frame, RFC 8878, 3.1.2
    if first == 0x5D and is_lzma(head):
        return Type.LZMA
    return None


def _is_program(head: bytes) -> bool:
    """Return whether an MZ file has a newer header where it says (PE, NE, LE, LX), or says it is further on."""
    if len(head) < 64:
        return False
    at = int.from_bytes(head[60:64], "little")
    if at + 4 > len(head):
        return 0 < at < 0x10000000 and b"\x00" in head[:64]
    return head[at : at + 2] in {b"PE", b"NE", b"LE", b"LX"}


def is_lzma(head: bytes) -> bool:
    """Return whether it starts like an .lzma file: no signature, but a header that few other things have.

    LZMA specification 2015 (Igor Pavlov), "lzma file format": properties, dictionary size, unpacked size.
    """
    if len(head) < 14 or head[13] != 0:  # the range coder's first byte is always 0
        return False
    dictionary = int.from_bytes(head[1:5], "little")
    size = int.from_bytes(head[5:13], "little")
    low = dictionary & -dictionary
    sane_dictionary = dictionary >= 4096 and dictionary in {low, low * 3}
    return sane_dictionary and (size == 0xFFFFFFFFFFFFFFFF or size < 1 << 38)


def is_tar(block: bytes) -> bool:
    """Return whether a 512-byte block is a tar header: by its checksum, whatever the dialect.

    POSIX.1-2017, pax, "ustar Interchange Format": the sum of all bytes with the checksum field taken as spaces; some
    old programs summed signed characters.
    """
    if len(block) < 512 or not block[0]:
        return False
    stored = _octal(block[148:156])
    if stored is None:
        return False
    counted = block[:148] + b"        " + block[156:512]
    total = sum(counted)
    high = sum(1 for byte in counted if byte > 0x7F) if stored != total else 0
    return stored in {total, total - 256 * high}


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \x00")
    if not digits or digits.translate(None, b"01234567"):
        return None
    return int(digits, 8)


def _written(head: bytes) -> Type:
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
