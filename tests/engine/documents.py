"""Writers of documents: just enough of each format to hold something."""

import struct
from itertools import pairwise

END, FREE = 0xFFFFFFFE, 0xFFFFFFFF
CLAM = "/usr/share/clamav-testfiles/"


def make_ole(streams: dict[str, bytes]) -> bytes:
    """Return a compound file. Small streams lie backwards, so that they are whole only by their chains."""
    big = {path: content for path, content in streams.items() if len(content) >= 4096}
    small = {path: content for path, content in streams.items() if 0 < len(content) < 4096}
    minis, mini_table, mini_starts = _minis(small)
    names = list(dict.fromkeys(part for path in streams for part in _folders(path))) + list(streams)
    entries = -(-(len(names) + 1) // 4)
    data = [len(content) + 511 >> 9 for content in (mini_table, minis, *big.values())]
    tables = next(count for count in range(1, 4000) if count * 128 >= count + entries + sum(data))
    assert tables <= 109
    table = [0xFFFFFFFD] * tables + [*range(tables + 1, tables + entries), END]
    starts = []
    for count in data:
        starts.append(len(table) if count else END)
        table += [*range(len(table) + 1, len(table) + count), END][: max(count, 0)] if count else []
    table += [FREE] * (tables * 128 - len(table))
    where = dict(zip(big, starts[2:], strict=True)) | mini_starts
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16x5H6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<5I", 0, tables, tables, 0, 4096) + struct.pack("<4I", starts[0], data[0], END, 0)
    header += struct.pack("<109I", *range(tables), *[FREE] * (109 - tables))
    directory = _directory(names, streams, where, (starts[1], len(minis)))
    parts = [struct.pack(f"<{len(table)}I", *table), directory.ljust(entries * 512, b"\x00"), mini_table, minis]
    return header + b"".join(part + bytes(-len(part) % 512) for part in (*parts, *big.values()))


def _folders(path: str) -> list[str]:
    parts = path.split("/")[:-1]
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _minis(small: dict[str, bytes]) -> tuple[bytes, bytes, dict[str, int]]:
    blocks: list[bytes] = []
    table: list[int] = []
    starts = {}
    for path, content in small.items():
        pieces = [content[at : at + 64].ljust(64, b"\x00") for at in range(0, len(content), 64)]
        first = len(blocks)
        blocks += reversed(pieces)
        table += [END, *range(first, first + len(pieces) - 1)]
        starts[path] = len(blocks) - 1
    return b"".join(blocks), struct.pack(f"<{len(table)}I", *table), starts


def _directory(names: list[str], streams: dict[str, bytes], where: dict[str, int], root: tuple[int, int]) -> bytes:
    inside: dict[str, list[int]] = {}
    for number, name in enumerate(names, 1):
        inside.setdefault(name.rpartition("/")[0], []).append(number)
    following = {number: after for numbers in inside.values() for number, after in pairwise(numbers)}

    def entry(name: str, kind: int, number: int, path: str, place: tuple[int, int]) -> bytes:
        wide = name.encode("utf-16-le")
        child = inside.get(path, [FREE])[0] if kind != 2 else FREE
        links = struct.pack("<HBB3I", len(wide) + 2, kind, 1, FREE, following.get(number, FREE), child)
        return wide.ljust(64, b"\x00") + links + bytes(36) + struct.pack("<IQ", *place)

    content = entry("Root Entry", 5, 0, "", root)
    for number, path in enumerate(names, 1):
        last = path.rpartition("/")[2]
        if path in streams:
            content += entry(last, 2, number, path, (where.get(path, END), len(streams[path])))
        else:
            content += entry(last, 1, number, path, (0, 0))
    return content


def ovba(text: bytes) -> bytes:
    """Return text in a compressed container that saves nothing, but for one copy a chunk where the text allows it."""
    out = b"\x01"
    for at in range(0, len(text), 3000):
        chunk = text[at : at + 3000]
        packed = b"".join(b"\x00" + chunk[start : start + 8] for start in range(0, len(chunk), 8))
        out += struct.pack("<H", 0xB000 | len(packed) - 1) + packed
    return out


def vba_dir(modules: list[tuple[str, int]]) -> bytes:
    """Return the unpacked dir stream of a project: names of modules, and where in their streams the source begins."""

    def record(tag: int, value: bytes) -> bytes:
        return struct.pack("<HI", tag, len(value)) + value

    out = record(1, bytes(4)) + record(3, b"\xe4\x04") + struct.pack("<HIIH", 9, 4, 1, 2)
    for name, offset in modules:
        out += record(0x19, name.encode()) + record(0x1A, name.encode()) + record(0x32, name.encode("utf-16-le"))
        out += record(0x31, struct.pack("<I", offset)) + record(0x21, b"") + record(0x2B, b"")
    return out


def native(name: bytes, content: bytes) -> bytes:
    """Return a stream called Ole10Native."""
    path = b"C:\\" + name + b"\x00"
    body = b"\x02\x00" + name + b"\x00" + path + b"\x00\x00\x03\x00" + struct.pack("<I", len(path)) + path
    body += struct.pack("<I", len(content)) + content
    return struct.pack("<I", len(body)) + body


def make_pdf(objects: list[tuple[bytes, bytes | None]], trailer: bytes = b"") -> bytes:
    """Return a PDF without the table of places: dictionaries, and streams for those that have one."""
    out = b"%PDF-1.7\n"
    for number, (head, stream) in enumerate(objects, 1):
        out += b"%d 0 obj\n" % number
        if stream is None:
            out += head
        else:
            out += b"<<" + head + b"/Length %d>>\nstream\n" % len(stream) + stream + b"\nendstream"
        out += b"\nendobj\n"
    return out + b"trailer\n<</Root 1 0 R" + trailer + b">>\n%%EOF\n"


def ole_one(kind: bytes, content: bytes) -> bytes:
    """Return an OLE 1.0 object."""
    head = struct.pack("<II", 0x501, 2) + struct.pack("<I", len(kind) + 1) + kind + b"\x00" + bytes(8)
    return head + struct.pack("<I", len(content)) + content


def make_rtf(kind: bytes, content: bytes) -> bytes:
    """Return a document with an object."""
    digits = ole_one(kind, content).hex().encode()
    lines = b"\n".join(digits[at : at + 128] for at in range(0, len(digits), 128))
    return rb"{\rtf1\ansi{\object\objemb{\*\objclass " + kind + rb"}{\*\objdata " + lines + b"}}}"


def make_onenote(files: list[bytes]) -> bytes:
    """Return a section with files; what follows them is as long as a real one has it."""
    out = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3") + bytes(1008)
    for content in files:
        out += bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac") + struct.pack("<Q12x", len(content)) + content
        out += bytes(-len(content) % 8) + bytes.fromhex("22a7fb7179 0ffb4ebb13539b 6b2ab5a1".replace(" ", ""))
    return out + bytes(70_000)


def make_lnk(name: str, arguments: str) -> bytes:
    """Return a shortcut with a name and arguments, and a target that names a variable."""
    out = bytes.fromhex("4c0000000114020000000000c000000000000046") + struct.pack("<I", 0x80 | 4 | 0x20) + bytes(52)
    for text in (name, arguments):
        out += struct.pack("<H", len(text)) + text.encode("utf-16-le")
    target = "%windir%\\cmd.exe".encode("utf-16-le").ljust(520, b"\x00")
    return out + struct.pack("<II", 788, 0xA0000001) + bytes(260) + target + bytes(4)


def make_class(texts: list[bytes]) -> bytes:
    """Return the beginning of a class file: the pool of constants, with a number of two places in it."""
    pool = b"".join(b"\x01" + struct.pack(">H", len(text)) + text for text in texts)
    return b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 61, len(texts) + 3) + b"\x05" + bytes(8) + pool + bytes(20)
