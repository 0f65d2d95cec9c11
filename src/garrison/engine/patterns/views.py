"""Text as ClamAV looks at it: lower case, blanks made one, and of pages also without comments and without tags."""

import re
from typing import Final

_IGNORED: Final = bytes(byte for byte in range(256) if (byte < 0x20 and byte not in b"\t\n\v\f\r") or byte >= 0x80)
_LOWER: Final = bytes(byte + 32 if 0x41 <= byte <= 0x5A else byte for byte in range(256))
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG: Final = re.compile(rb"<[^<>]*+>?")
_SCRIPT: Final = re.compile(rb"<script\b[^>]*+>(.*?)(?:</script|\Z)", re.DOTALL)
_BLANK_TABLE: Final = bytes(0x20 if byte in b"\t\n\v\f\r" else byte for byte in _LOWER)
_MOST_PAGE: Final = 10 * 1024 * 1024  # clamscan looks no further either: 10 MiB of pages, 20 MiB of text
MOST_TEXT: Final = 20 * 1024 * 1024
MOST_GUESSED: Final = 1024 * 1024  # of data that only clamscan takes for text: leaving its bytes out costs most
_MOST_BARE: Final = 2 * 1024 * 1024


def plain_text(content: bytes) -> bytes:
    """Return text in lower case, with one blank for each run of them and nothing but ASCII."""
    return _with_single_blanks(content.translate(_BLANK_TABLE, _IGNORED))


def _with_single_blanks(flat: bytes) -> bytes:
    """Return a text that has no other blanks than spaces with one for each run of them."""
    if b"  " not in flat:
        return flat
    words = flat.split()  # faster than a regular expression
    if not words:
        return b" "
    return b" " * flat.startswith(b" ") + b" ".join(words) + b" " * flat.endswith(b" ")


def seems_text(content: bytes) -> bool:
    """Return whether clamscan takes an object of no known type for text.

    It does so when the first 1,024 bytes have no control characters, and when they have none as UTF-16 with the high
    byte first: random bytes hardly ever have one.
    """
    head = content[:1024]
    return not head.translate(None, _PRINTABLE) or (len(head) > 1 and _NO_WIDE_CONTROL.fullmatch(head) is not None)


_CONTROL: Final = bytes(
    byte for byte in range(0x80) if byte == 0x7F or (byte < 0x20 and byte not in b"\a\b\t\n\f\r\x1b")
)
_PRINTABLE: Final = bytes(byte for byte in range(256) if byte not in _CONTROL)
_NO_WIDE_CONTROL: Final = re.compile(rb"..(?:(?!\xff\xfe|\x00[" + re.escape(_CONTROL) + rb"])..)*+.?", re.DOTALL)


def seems_page(content: bytes) -> bool:
    """Return whether clamscan takes a text, or an object of no known type, for a page: it has a tag near its start."""
    return _PAGE.search(content, 0, 1024) is not None


_PAGE: Final = re.compile(
    rb"<(?:html|head|body|iframe|img|object|script|table|!doctype\s+html|a [^<>]{0,200}href)", re.IGNORECASE
)


def page_views(content: bytes) -> list[bytes]:
    """Return a page without comments, and without tags."""
    flat = _flat(content)
    views = [flat]
    if len(content) <= _MOST_BARE:
        views.append(_with_single_blanks(_TAG.sub(b"", flat)))
    return [view for view in views if view]


def scripts(content: bytes) -> bytes:
    """Return the scripts of a page."""
    flat = _flat(content)
    return b"\n".join(_SCRIPT.findall(flat)) if b"<script" in flat else b""


def _flat(content: bytes) -> bytes:
    """Return a page in lower case, without comments and with one blank for each run of them."""
    if len(content) > _MOST_PAGE:
        return b""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        content = content[2:].replace(b"\0", b"")
    bare = _COMMENT.sub(b"", content) if content.count(b"<!--") < 100_000 else content
    return _with_single_blanks(bare.translate(_BLANK_TABLE, b"\0"))
