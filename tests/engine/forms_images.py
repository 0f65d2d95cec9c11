"""The images of the conformance suite, made by small writers."""

import base64
import gzip
import lzma
import struct
import zlib
from collections.abc import Iterable

from backports import zstd

from garrison.engine.formats import ar, cpio, disk, dmg, fat, hfs_plus, installshield, iso, rpm, sis, squashfs, udf, xar
from garrison.engine.type import Type
from tests.engine.archives import raw_deflate
from tests.engine.disk_samples import in_gpt, in_logical, in_mbr
from tests.engine.fat_samples import in_fat, in_fat_16, in_fat_32, in_fat_on_disk
from tests.engine.forms import Form

Files = Iterable[tuple[str, bytes]]


def make_ar(files: Files) -> bytes:
    """Return a System V archive; names of 15 bytes and more go into a table."""
    table, body = b"", b""
    for name, content in files:
        field = name.encode() + b"/"
        if len(field) > 16:
            field = b"/%d" % len(table)
            table += name.encode() + b"/\n"
        body += ar_member(field, content)
    return b"!<arch>\n" + (ar_member(b"//", table) if table else b"") + body


def ar_member(field: bytes, content: bytes) -> bytes:
    head = b"%-16s%-12d%-6d%-6d%-8o%-10d`\n" % (field, 0, 0, 0, 0o100644, len(content))
    return head + content + b"\n" * (len(content) % 2)


def make_newc(files: Files, magic: bytes = b"070701", mode: int = 0o100644) -> bytes:
    """Return a cpio archive in the new format."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        fields = (1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name.encode()) + 1, 0)
        out += magic + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\x00"
        out += bytes(-len(out) % 4) + content
        out += bytes(-len(content) % 4)
    return out


def make_odc(files: Files) -> bytes:
    """Return a cpio archive in POSIX's portable format."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        out += b"070707%06o%06o%06o%06o%06o%06o%06o%011o" % (0, 1, 0o100644, 0, 0, 1, 0, 0)
        out += b"%06o%011o" % (len(name.encode()) + 1, len(content)) + name.encode() + b"\x00" + content
    return out


def make_bin(files: Files, order: str = "<") -> bytes:
    """Return a cpio archive in the old binary format. order: of the bytes, as in struct."""
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        text = name.encode() + b"\x00"
        size = (len(content) >> 16, len(content) & 0xFFFF)
        out += struct.pack(order + "13H", 0o070707, 0, 1, 0o100644, 0, 0, 1, 0, 0, 0, len(text), *size)
        out += text + bytes(len(text) % 2) + content + bytes(len(content) % 2)
    return out


def rpm_header(tags: Iterable[tuple[int, int, int, bytes]] = ()) -> bytes:
    """Return an RPM header of entries: tag, type, count, value."""
    index, store = b"", b""
    for tag, kind, count, value in tags:
        index += struct.pack(">LLLL", tag, kind, len(store), count)
        store += value
    return b"\x8e\xad\xe8\x01" + bytes(4) + struct.pack(">LL", len(index) // 16, len(store)) + index + store


def make_rpm(payload: bytes, tags: Iterable[tuple[int, int, int, bytes]] = ()) -> bytes:
    lead = b"\xed\xab\xee\xdb\x03\x00" + bytes(90)
    signature = rpm_header([(1000, 7, 3, b"abc")])
    return lead + signature + bytes(-len(signature) % 8) + rpm_header(tags) + payload


def iso_record(identifier: bytes, sector: int, length: int, flags: int = 0, extra: bytes = b"") -> bytes:
    """Return a directory record of ISO 9660."""
    padding = b"\x00" * ((len(identifier) + 1) % 2)
    body = struct.pack("<BLLLL", 0, sector, 0, length, 0) + bytes(7) + bytes([flags, 0, 0]) + struct.pack("<L", 1)
    body += bytes([len(identifier)]) + identifier + padding + extra
    return bytes([len(body) + 1]) + body


def iso_volume(kind: int, root: bytes, escape: bytes = b"") -> bytes:
    head = bytes([kind]) + b"CD001\x01" + bytes(81) + escape.ljust(32, b"\x00")
    body = head.ljust(128, b"\x00") + struct.pack("<HH", 2048, 0)
    return (body.ljust(156, b"\x00") + root).ljust(2048, b"\x00")


def make_iso(records: bytes, *sectors: bytes, more: bytes = b"") -> bytes:
    """Return a disc whose root folder (sector 20) has these records; from sector 21 on there is what is given."""
    root = iso_record(b"\x00", 20, 2048, 2)
    volumes = iso_volume(1, root) + more + b"\xffCD001\x01".ljust(2048, b"\x00")
    folder = root + iso_record(b"\x01", 20, 2048, 2) + records
    out = bytes(16 * 2048) + volumes.ljust(4 * 2048, b"\x00") + folder.ljust(2048, b"\x00")
    return out + b"".join(sector + bytes(-len(sector) % 2048) for sector in sectors)


def udf_tag(kind: int, body: bytes) -> bytes:
    """Return a descriptor of ECMA-167 with the checksum of its tag."""
    tag = bytearray(struct.pack("<HHBBHHHL", kind, 2, 0, 0, 0, 0, 0, 0))
    tag[4] = sum(tag) & 0xFF
    return (bytes(tag) + body).ljust(2048, b"\x00")


def udf_file(kind: int, size: int, table: bytes, form: int, tag: int = 261) -> bytes:
    icb = bytes(11) + bytes([kind]) + bytes(6) + struct.pack("<H", form)
    body = icb + bytes(20) + struct.pack("<Q", size)
    body = body.ljust((168 if tag == 261 else 208) - 16, b"\x00") + struct.pack("<LL", 0, len(table))
    return udf_tag(tag, body + table)


def udf_name(name: bytes, block: int, flags: int = 0) -> bytes:
    out = udf_tag(257, struct.pack("<HBB", 1, flags, len(name)) + struct.pack("<LLH6xH", 2048, block, 0, 0) + name)
    out = out[: 38 + len(name)]
    return out + bytes(-len(out) % 4)


def make_udf(*blocks: bytes, maps: bytes = b"\x01\x06\x01\x00\x00\x00") -> bytes:
    """Return a disc whose partition begins with these blocks; the first is the file set's, the next the root's."""
    marks = b"".join((b"\x00" + mark + b"\x01").ljust(2048, b"\x00") for mark in (b"BEA01", b"NSR02", b"TEA01"))
    partition = udf_tag(5, bytes(6) + struct.pack("<H164xLL", 0, 257, 1000))
    logical = bytes(196) + struct.pack("<L", 2048) + bytes(32) + struct.pack("<LLH6x", 2048, 0, 0)
    logical = udf_tag(6, logical + struct.pack("<LL", len(maps), 1) + bytes(168) + maps)
    sequence = partition + logical + udf_tag(8, b"")
    out = (bytes(16 * 2048) + marks).ljust(32 * 2048, b"\x00") + sequence
    out = out.ljust(256 * 2048, b"\x00") + udf_tag(2, struct.pack("<LL", 3 * 2048, 32) * 2)
    return out + b"".join(block + bytes(-len(block) % 2048) for block in blocks)


def udf_set(root: int = 1, partition: int = 0) -> bytes:
    return udf_tag(256, bytes(384) + struct.pack("<LLH6x", 2048, root, partition))


def in_udf(content: bytes) -> bytes:
    table = udf_name(b"", 1, 10) + udf_name(b"\x08inner", 2)
    runs = b"".join(
        struct.pack("<LL", min(len(content) - at, 1 << 20), 3 + at // 2048) for at in range(0, len(content), 1 << 20)
    )
    return make_udf(udf_set(), udf_file(4, len(table), table, 3), udf_file(5, len(content), runs, 0), content)


def in_iso(content: bytes) -> bytes:
    return make_iso(iso_record(b"INNER.;1", 21, len(content)), content)


def make_sis(files: Files, flags: int = 1, version: int = 200) -> bytes:
    """Return a package for EPOC release 6."""
    numbers = 3 if version >= 200 else 2
    width = 28 + 4 * numbers + (8 if numbers == 3 else 0)
    entries, body = b"", b""
    listed = list(files)
    start = 80 + width * len(listed)
    for name, content in listed:
        text = name.encode("utf-16-le" if flags & 1 else "ascii")
        data = content if flags & 8 else zlib.compress(content)
        at = start + len(body)
        entry = struct.pack("<7L", 0, 0, 0, len(text), at, len(text), at)
        entry += struct.pack("<3L", len(data), at + len(text), len(content))[: 4 * numbers]
        entries += entry.ljust(width, b"\x00")
        body += text + data
    head = struct.pack("<4LHHH", 0x100002C3, 0x10003A12, 0x10000419, 0, 0, 1, len(listed))
    head = head.ljust(32, b"\x00") + struct.pack("<LH", version, flags)
    return (head.ljust(52, b"\x00") + struct.pack("<L", 80)).ljust(80, b"\x00") + entries + body


def shield_chunks(content: bytes) -> bytes:
    out = b""
    width = 32768 if content.strip(b"\x00") else 1 << 20
    for at in range(0, len(content), width):
        chunk = raw_deflate(content[at : at + width])
        out += struct.pack("<H", len(chunk)) + chunk
    return out


def shield_entry(flags: int, size: int, packed: int, start: int, name: int, volume: int = 1) -> bytes:
    """Return a file descriptor of InstallShield 6 and later."""
    entry = struct.pack("<HQQQ", flags, size, packed, start) + bytes(32)
    return (entry + struct.pack("<LH", name, 0)).ljust(85, b"\x00") + struct.pack("<H", volume)


def make_shield(content: bytes, version: int = 0x01009500) -> bytes:
    """Return a cabinet of one file with its list inside."""
    data = shield_chunks(content)
    head = struct.pack("<4sLLLLL", b"ISc(", version, 0, 512, 64, 800)
    table = struct.pack("<L", 4 + 87) + shield_entry(4, len(content), len(data), 800, 4 + 87 + 1) + b"\x00inner\x00"
    descriptor = bytes(12) + struct.pack("<L12xL8xLL", 64, 1, 1, 4)
    return (head.ljust(512, b"\x00") + descriptor.ljust(64, b"\x00") + table).ljust(800, b"\x00") + data + bytes(4)


def squashfs_meta(content: bytes) -> bytes:
    """Return a table in stored blocks."""
    parts = [content[at : at + 8192] for at in range(0, len(content), 8192)]
    return b"".join(struct.pack("<H", len(part) | 0x8000) + part for part in parts)


def make_squashfs(content: bytes, size: int = 131072) -> bytes:
    """Return a file system of one file, packed by zlib."""
    blocks = [zlib.compress(content[at : at + size]) for at in range(0, len(content), size)]
    data = b"".join(blocks)
    sizes = struct.pack(f"<{len(blocks)}L", *map(len, blocks))
    root = struct.pack("<4HLL", 1, 0o755, 0, 0, 0, 1) + struct.pack("<LLHHL", 0, 2, 3 + 12 + 8 + 5, 0, 3)
    file = struct.pack("<4HLL", 2, 0o644, 0, 0, 0, 2) + struct.pack("<LLLL", 96, 0xFFFFFFFF, 0, len(content)) + sizes
    names = struct.pack("<LLL", 0, 0, 1) + struct.pack("<HhHH", 32, 1, 2, 4) + b"inner"
    inodes = squashfs_meta(root + file)
    at = 96 + len(data)
    head = struct.pack("<4sLLLLHHHHHHQQ", b"hsqs", 2, 0, size, 0, 1, 17, 0, 1, 4, 0, 0, 0)
    head += struct.pack("<QQQQQQ", 0, 0, at, at + len(inodes), 0, 0)
    return head + data + inodes + squashfs_meta(names)


def xar_file(name: str, packed: bytes, size: int, at: int, style: str = "application/x-gzip") -> str:
    data = f"<data><length>{len(packed)}</length><offset>{at}</offset><size>{size}</size>"
    return f'<file id="1"><name>{name}</name><type>file</type>{data}<encoding style="{style}"/></data></file>'


def make_xar(table: str, heap: bytes) -> bytes:
    toc = zlib.compress(f'<?xml version="1.0" encoding="UTF-8"?><xar><toc>{table}</toc></xar>'.encode())
    return struct.pack(">4sHHQQL", b"xar!", 28, 1, len(toc), 0, 0) + toc + heap


def dmg_table(runs: Iterable[tuple[int, int, int, int]]) -> bytes:
    """Return a partition's table of blocks: kind, sectors, offset and length of the packed data."""
    blocks, total = b"", 0
    for kind, sectors, start, length in runs:
        blocks += struct.pack(">LLQQQQ", kind, 0, total, sectors, start, length)
        total += sectors
    head = struct.pack(">4sLQQQLL", b"mish", 1, 0, total, 0, 0, 0).ljust(200, b"\x00")
    return head + struct.pack(">L", len(blocks) // 40) + blocks


def make_dmg(data: bytes, *tables: bytes) -> bytes:
    entries = b"".join(
        b"<dict><key>Data</key><data>\n%s</data><key>Name</key><string>part %d</string></dict>"
        % (base64.encodebytes(table), number)
        for number, table in enumerate(tables)
    )
    listing = b"<plist><dict><key>blkx</key><array>" + entries + b"</array></dict></plist>"
    trailer = struct.pack(">4sLLL", b"koly", 4, 512, 1) + struct.pack(">QQQ", 0, 0, len(data))
    trailer = trailer.ljust(216, b"\x00") + struct.pack(">QQ", len(data), len(listing))
    return data + listing + trailer.ljust(512, b"\x00")


def hfs_fork(size: int, *extents: tuple[int, int], block: int = 4096) -> bytes:
    blocks = -(-size // block)
    return (struct.pack(">QLL", size, 0, blocks) + b"".join(struct.pack(">LL", *one) for one in extents)).ljust(
        80, b"\x00"
    )


def hfs_key(parent: int, name: str) -> bytes:
    text = name.encode("utf-16-be")
    return struct.pack(">HLH", 6 + len(text), parent, len(text) // 2) + text


def hfs_node(records: Iterable[bytes], kind: int = 0xFF, following: int = 0, size: int = 4096) -> bytes:
    body, offsets = b"", [14]
    for record in records:
        body += record
        offsets.append(14 + len(body))
    node = struct.pack(">LLBBHH", following, 0, kind, 1, len(offsets) - 1, 0) + body
    return node.ljust(size - 2 * len(offsets), b"\x00") + b"".join(struct.pack(">H", one) for one in offsets[::-1])


def hfs_file(parent: int, name: str, number: int, data: bytes, resources: bytes = bytes(80)) -> bytes:
    """Return a file's key and record. data, resources: its forks."""
    return hfs_key(parent, name) + (struct.pack(">HHLL", 2, 0, 0, number).ljust(88, b"\x00") + data + resources)


def hfs_folder(parent: int, name: str, number: int) -> bytes:
    return hfs_key(parent, name) + struct.pack(">HHLL", 1, 0, 0, number).ljust(88, b"\x00")


def make_hfs(nodes: Iterable[bytes], content: bytes, overflow: bytes = b"", attributes: bytes = b"") -> bytes:
    """Return a volume with blocks of 4 KiB: catalog from block 1 on, content from 16.

    overflow, attributes: the leaves of these trees, which are in blocks 10 and 11, 12 and 13.
    """
    head = hfs_node([struct.pack(">HLLLLHH", 1, 1, 1, 1, 1, 4096, 0)], kind=1)
    catalog = head + b"".join(nodes)
    header = struct.pack(">2sH36xL", b"H+", 4, 4096).ljust(192, b"\x00")
    header += hfs_fork(2 * 4096 if overflow else 0, *([(10, 2)] if overflow else []))
    header += hfs_fork(len(catalog), (1, len(catalog) // 4096))
    header += hfs_fork(2 * 4096 if attributes else 0, *([(12, 2)] if attributes else []))
    out = bytes(1024) + header.ljust(3072, b"\x00") + catalog
    out = out.ljust(10 * 4096, b"\x00") + (head + overflow if overflow else b"")
    return (out.ljust(12 * 4096, b"\x00") + head + attributes).ljust(16 * 4096, b"\x00") + content


def in_xar(content: bytes) -> bytes:
    packed = zlib.compress(content)
    return make_xar(xar_file("inner", packed, len(content), 0), packed)


def in_hfs(content: bytes) -> bytes:
    fork = hfs_fork(len(content), (16, -(-len(content) // 4096)))
    return make_hfs([hfs_node([hfs_file(2, "inner", 20, fork)])], content)


def dmg_of(content: bytes) -> bytes:
    """Return an image of one partition of whole sectors, packed by zlib in blocks of a MiB."""
    content += bytes(-len(content) % 512)
    data = b""
    runs = []
    for at in range(0, len(content), 1 << 20):
        part = content[at : at + (1 << 20)]
        packed = zlib.compress(part)
        runs.append((0x80000005, len(part) // 512, len(data), len(packed)))
        data += packed
    return make_dmg(data, dmg_table([*runs, (0xFFFFFFFF, 0, 0, 0)]))


def in_dmg(content: bytes) -> bytes:
    return dmg_of(content)


def in_sis(content: bytes) -> bytes:
    return make_sis([("inner", content)])


def in_shield(content: bytes) -> bytes:
    return make_shield(content)


def in_squashfs(content: bytes) -> bytes:
    return make_squashfs(content)


def in_ar(content: bytes) -> bytes:
    return make_ar([("inner", content)])


def in_newc(content: bytes) -> bytes:
    return make_newc([("inner", content)])


def in_odc(content: bytes) -> bytes:
    return make_odc([("inner", content)])


def in_bin(content: bytes) -> bytes:
    return make_bin([("inner", content)])


def in_rpm(content: bytes) -> bytes:
    return make_rpm(gzip.compress(in_newc(content), 6, mtime=0))


def in_rpm_of_xz(content: bytes) -> bytes:
    return make_rpm(lzma.compress(in_newc(content)))


def in_rpm_of_zstd(content: bytes) -> bytes:
    return make_rpm(zstd.compress(in_newc(content)))


FORMS: tuple[Form, ...] = (
    Form(Type.AR, ar.members, in_ar, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_newc, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_odc, can_bomb=False),
    Form(Type.CPIO, cpio.members, in_bin, can_bomb=False),
    Form(Type.RPM, rpm.members, in_rpm),
    Form(Type.RPM, rpm.members, in_rpm_of_zstd, is_streamed=False),
    Form(Type.ISO, iso.members, in_iso, can_bomb=False),
    Form(Type.UDF, udf.members, in_udf, can_bomb=False),
    Form(Type.XAR, xar.members, in_xar),
    Form(Type.HFS_PLUS, hfs_plus.members, in_hfs, can_bomb=False),
    Form(Type.DMG, dmg.members, in_dmg, is_exact=False, is_streamed=False),
    Form(Type.SIS, sis.members, in_sis),
    Form(Type.INSTALLSHIELD, installshield.members, in_shield),
    Form(Type.SQUASHFS, squashfs.members, in_squashfs, is_streamed=False),
    Form(Type.DISK, disk.members, in_mbr, is_exact=False, can_bomb=False),
    Form(Type.DISK, disk.members, in_logical, is_exact=False, can_bomb=False),
    Form(Type.DISK, disk.members, in_gpt, is_exact=False, is_streamed=False, can_bomb=False),
    Form(Type.DISK, fat.members_of_disk, in_fat_on_disk, can_bomb=False),
    Form(Type.FAT, fat.members, in_fat, can_bomb=False),
    Form(Type.FAT, fat.members, in_fat_16, can_bomb=False),
    Form(Type.FAT, fat.members, in_fat_32, can_bomb=False),
)
