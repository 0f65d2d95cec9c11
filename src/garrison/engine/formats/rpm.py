"""The RPM package format, version 3 and 4: lead, signature, header, and a compressed cpio archive.

rpm.org, "RPM V4 Package format"; Linux Standard Base 5.0, "Package File Format". The packaged files are yielded as the
package's own, and the scripts that the installation runs as root.
"""

import struct
from collections.abc import Callable, Iterator

from garrison.engine.formats import cpio
from garrison.engine.formats.forward import Forward
from garrison.engine.formats.image_blocks import GzipDecoder
from garrison.engine.formats.opener import CORRUPT, Member, closed, derived, stored
from garrison.engine.formats.reading import take, told
from garrison.engine.formats.unpack import (
    Decoder,
    Unpacking,
    bzip2_decoder,
    lzma_decoder,
    xz_decoder,
    zstd_decoder,
)
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.identify import is_lzma
from garrison.engine.source import Source

_LEAD = 96
_HEADER_MAGIC = b"\x8e\xad\xe8\x01"
_HEADER_BYTES = 64 * 1024 * 1024
_ENTRIES = 64 * 1024
_STRING, _STRINGS = 6, 8
_SCRIPTS = {
    1023: "before installation",
    1024: "after installation",
    1025: "before removal",
    1026: "after removal",
    1065: "trigger",
    1079: "verification",
    1151: "before transaction",
    1152: "after transaction",
    1171: "before removal transaction",
    1172: "after removal transaction",
    5066: "file trigger",
    5076: "transaction file trigger",
}
_SCRIPT_COUNT = 100
_SCRIPT_BYTES = 1024 * 1024
_METHODS: tuple[tuple[bytes, Callable[[], Decoder]], ...] = (
    (b"\x1f\x8b\x08", GzipDecoder),
    (b"BZh", bzip2_decoder),
    (b"\xfd7zXZ\x00", xz_decoder),
    (b"\x28\xb5\x2f\xfd", zstd_decoder),
)


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the packaged files and the scripts. Raises OSError."""
    return told(_members(source, guard))


def _members(source: Source, guard: Guard) -> Iterator[Member]:
    at, _ = _header(source, _LEAD, guard)
    at, scripts = _header(source, at + -at % 8, guard)
    for title, text in scripts:
        yield derived(f"script: {title}", text, guard)
        guard.check()
    yield from _payload(source, at, guard)


def _payload(source: Source, at: int, guard: Guard) -> Iterator[Member]:
    head = source.read_at(at, 16)
    make = next((make for magic, make in _METHODS if head.startswith(magic)), None)
    if make is None and is_lzma(head):
        make = lzma_decoder
    if make is not None:
        yield from cpio.read(Forward(iter(Unpacking(source, guard, make, at)), guard))
    elif head.startswith((b"0707", b"\xc7\x71", b"\x71\xc7")):
        yield from cpio.read(Forward(stored(source, at, source.size - at, guard), guard))
    elif head:
        yield closed(("payload",), "not opened: packed by an unknown method", guard)
    else:
        raise Incomplete(CORRUPT)


def _header(source: Source, at: int, guard: Guard) -> tuple[int, list[tuple[str, bytes]]]:
    """Return the offset behind a header, and its scripts."""
    fixed = take(source, at, 16, guard)
    count, length = struct.unpack(">LL", fixed[8:])
    if not fixed.startswith(_HEADER_MAGIC) or count > _ENTRIES or length > _HEADER_BYTES:
        raise Incomplete(CORRUPT)
    index = take(source, at + 16, count * 16, guard)
    at += 16 + len(index)
    scripts: list[tuple[str, bytes]] = []
    for tag, kind, offset, items in struct.iter_unpack(">LLLL", index):
        if tag in _SCRIPTS and kind in {_STRING, _STRINGS} and offset < length and len(scripts) < _SCRIPT_COUNT:
            many = min(items, _SCRIPT_COUNT) if kind == _STRINGS else 1
            texts = source.read_at(at + offset, min(length - offset, _SCRIPT_BYTES)).split(b"\x00", many)[:many]
            scripts += [(_SCRIPTS[tag], text) for text in texts if text]
    return at + length, scripts
