"""Packages in OLE 1.0 format: a file that was dragged into a document.

[MS-OLEDS] 2.3.6, and what the packager of Windows writes.
"""

from dataclasses import dataclass

_TEXT_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Package:
    """A packed file. content: as far as it is there; is_whole: whether that is all; trace: paths it was taken from."""

    name: str
    content: bytes
    is_whole: bool
    trace: str


def package(stream: bytes) -> Package | None:
    """Return the file in a stream called Ole10Native, or None when it holds none.

    The total length, then: a number, a label, a path, two numbers, the length of the path for unpacking and the path,
    the length of the content and the content.
    """
    for at in (4, 0):  # RTF objects lack the total length
        found = _package(stream, at)
        if found is not None:
            return found
    return None


def _package(stream: bytes, at: int) -> Package | None:
    if stream[at : at + 2] != b"\x02\x00":
        return None
    label, at = _text(stream, at + 2)
    path, at = _text(stream, at)
    if stream[at + 2 : at + 4] not in {b"\x03\x00", b"\x01\x00"}:
        return None
    at += 4
    length = int.from_bytes(stream[at : at + 4], "little")
    if length > _TEXT_BYTES:
        return None
    unpacked_to = stream[at + 4 : at + 4 + length].rstrip(b"\x00")
    at += 4 + length
    size = int.from_bytes(stream[at : at + 4], "little")
    content = stream[at + 4 : at + 4 + size]
    if not content:
        return None
    trace = b"\n".join((label, path, unpacked_to)).decode("latin-1")
    name = (label or path).decode("latin-1").replace("\\", "/").rsplit("/", 1)[-1]
    return Package(name or "package", content, len(content) == size, trace)


def _text(stream: bytes, at: int) -> tuple[bytes, int]:
    """Return a zero-ended text and the offset behind it; a text with no end is empty."""
    end = stream.find(b"\x00", at, at + _TEXT_BYTES)
    return (stream[at:end], end + 1) if end >= 0 else (b"", at)
