"""Files that carry given bytes: of every target, and packed into archives."""

import gzip
import io
import random
import struct
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field

from tests.engine.programs import making

_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789"


class Chance:
    """Seeded chance."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def one_in(self, times: int) -> bool:
        return self.random.randrange(times) == 0

    def blob(self, least: int, most: int) -> bytes:
        return self.random.randbytes(self.random.randint(least, most))

    def word(self, least: int = 4, most: int = 12) -> bytes:
        return bytes(self.random.choices(_LETTERS, k=self.random.randint(least, most)))

    def filler(self, length: int, text: bool) -> bytes:
        return bytes(self.random.choices(_LETTERS, k=length)) if text else self.random.randbytes(length)


@dataclass(slots=True)
class Host:
    """A file of one target around some content. at: where in it the content begins. places: kinds of offsets with what
    each counts from.
    """

    file: bytes
    at: int
    places: dict[str, int] = field(default_factory=dict)
    sections: int = 0


_HEADS = {
    0: b"",
    2: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    5: b"\x89PNG\r\n\x1a\n",
    10: b"%PDF-1.4\n",
    11: b"FWS\x05\x00\x00\x00\x00",
    12: b"\xca\xfe\xba\xbe\x00\x00\x00\x32",
}
TEXTS = (3, 7)
TARGETS = (0, 0, 0, 0, 1, 1, 1, 2, 3, 5, 6, 6, 7, 9, 10, 11, 12)


def host(chance: Chance, target: int, content: bytes) -> Host:
    """Return a file of a target."""
    if target in _HOSTS:
        return _HOSTS[target](chance, content)
    head = _HEADS[target]
    return Host(head + content, len(head))


def _page(_chance: Chance, content: bytes) -> Host:
    head = b"<html><body>"
    return Host(head + content + b"</body></html>", len(head))


def _text(_chance: Chance, content: bytes) -> Host:
    head = b"plain text:  "
    return Host(head + content + b"\n", len(head))


def _pe(chance: Chance, content: bytes) -> Host:
    """A program with sections of other things, the content, and version information."""
    before = [(b".a%d" % number, chance.blob(20, 700), making.DATA) for number in range(chance.random.randint(0, 2))]
    code = chance.blob(0, 40)
    entry = chance.random.randrange(len(code + content))
    address = 0x1000 * (1 + sum(1 + len(each) // 0x1000 for _, each, _ in before))
    made = [*before, (b".text", code + content, making.EXECUTABLE)]
    start = 0x400 + sum(len(each) + -len(each) % 512 for _, each, _ in before)
    last = start + len(code + content) + -len(code + content) % 512
    behind = address + 0x1000 * (1 + len(code + content) // 0x1000)
    words = [(chance.word().decode(), chance.word().decode()) for _ in range(2)]
    told = bytearray(making.version(*words))
    told[40:44] = b"\xbd\x04\xef\xfe"  # the mark without which clamscan believes nothing of it
    rsrc = making.resources(behind, [(16, bytes(told))])
    made.append((b".rsrc", rsrc, making.DATA))
    file = making.pe(
        *made, entry=address + entry, directories={2: (behind, len(rsrc))}, is_64=chance.one_in(2), flags=0x102
    )
    places = {"EP": start + entry, f"S{len(before)}": start, "SL": last}
    version = words[0][0].encode("utf-16-le")
    places["VI"] = file.index(version, last)
    return Host(file, start + len(code), places, len(made))


def _elf(chance: Chance, content: bytes) -> Host:
    names = (b".text",) if chance.one_in(2) else ()
    file = making.elf(
        content + chance.blob(0, 16), is_64=chance.one_in(2), order=chance.random.choice("<>"), names=names
    )
    return Host(file, 0x100, {"EP": 0x100, "S1": 0x100} if names else {"EP": 0x100}, 3 if names else 0)


def _macho(chance: Chance, content: bytes) -> Host:
    file = making.macho(content, is_64=chance.one_in(2))
    return Host(file, 0x200, {"S0": 0x200, "SL": 0x200}, 1)


_HOSTS = {1: _pe, 3: _page, 6: _elf, 7: _text, 9: _macho}


def packed(kind: str, content: bytes, name: str = "inner.bin") -> bytes:
    """Return an archive of one file."""
    if kind == "CL_TYPE_ZIP":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        return file.getvalue()
    if kind == "CL_TYPE_POSIX_TAR":
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        return file.getvalue()
    return gzip.compress(content, mtime=0)


PACKED = ("CL_TYPE_ZIP", "CL_TYPE_POSIX_TAR", "CL_TYPE_GZ")


def png(width: int, height: int, pixels: bytes) -> bytes:
    """Return a PNG of 8-bit RGB pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + pixels[at : at + 3 * width] for at in range(0, 3 * width * height, 3 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
