"""Small programs with given parts, made from the formats' specifications."""

import struct

EXECUTABLE, DATA = 0x60000020, 0xC0000040


def pe(
    *sections: tuple[bytes, bytes, int],
    entry: int = 0x1000,
    directories: dict[int, tuple[int, int]] | None = None,
    is_64: bool = False,
    flags: int = 0x102,
    behind: bytes = b"",
) -> bytes:
    """Return a PE program; sections: (name, content, flags), one every 4 KiB from 0x1000 and padded to 512 bytes."""
    optional = struct.pack("<HBBIIII", 0x20B if is_64 else 0x10B, 1, 0, 0, 0, 0, entry) + struct.pack("<I", 0x1000)
    optional += struct.pack("<Q", 0x140000000) if is_64 else struct.pack("<II", 0x1000, 0x400000)
    size = 0x1000 * (1 + sum(1 + len(content) // 0x1000 for _, content, _ in sections))
    optional += struct.pack("<IIIIIIIIIHH", 0x1000, 0x200, 0, 4, 4, 0, size, 0x400, 0, 3, 0)
    optional += struct.pack("<QQQQ" if is_64 else "<IIII", 0x100000, 0x1000, 0x100000, 0x1000)
    optional += struct.pack("<II", 0, 16)
    for number in range(16):
        optional += struct.pack("<II", *(directories or {}).get(number, (0, 0)))
    header = b"MZ".ljust(60, b"\x00") + struct.pack("<I", 64) + b"PE\x00\x00"
    machine = 0x8664 if is_64 else 0x14C
    header += struct.pack("<HHIIIHH", machine, len(sections), 0, 0, 0, len(optional), flags) + optional
    address, offset, bodies = 0x1000, 0x400, b""
    for name, content, rights in sections:
        padded = content + bytes(-len(content) % 512)
        where = (max(len(content), 1), address, len(padded), offset)
        header += struct.pack("<8sIIIIIIHHI", name, *where, 0, 0, 0, 0, rights)
        address += 0x1000 * (1 + len(content) // 0x1000)
        offset += len(padded)
        bodies += padded
    return header.ljust(0x400, b"\x00") + bodies + behind


def imports(base: int, functions: dict[bytes, list[bytes | int]], width: int = 4) -> bytes:
    """Return an import directory that lies at an address; an ordinal is a number."""
    table = 20 * (len(functions) + 1)
    directory, rest = b"", b""
    for library, names in functions.items():
        texts, thunks = b"", b""
        start = table + len(rest) + width * (len(names) + 1)
        for name in names:
            value = name | 1 << (8 * width - 1) if isinstance(name, int) else base + start + len(texts)
            texts += b"" if isinstance(name, int) else b"\x00\x00" + name + b"\x00"
            thunks += value.to_bytes(width, "little")
        thunks += bytes(width)
        at = base + table + len(rest)
        directory += struct.pack("<5I", at, 0, 0, base + start + len(texts), at)
        rest += thunks + texts + library + b"\x00"
    return directory + bytes(20) + rest


def resources(base: int, leaves: list[tuple[int, bytes]]) -> bytes:
    """Return a resource directory that lies at an address, every leaf (type, content) under the name 1."""
    count = len(leaves)
    tree = struct.pack("<IIHHHH", 0, 0, 0, 0, 0, count)
    second = 16 + 8 * count
    third = second + 24 * count
    entries = third + 24 * count
    at = entries + 16 * count
    for number, (kind, _) in enumerate(leaves):
        tree += struct.pack("<II", kind, 0x80000000 | second + 24 * number)
    for level in (third, entries):
        for number in range(count):
            step, mark = (24, 0x80000000) if level == third else (16, 0)
            tree += struct.pack("<IIHHHHII", 0, 0, 0, 0, 0, 1, 1, mark | level + step * number)
    contents = b""
    for _, content in leaves:
        tree += struct.pack("<IIII", base + at + len(contents), len(content), 0, 0)
        contents += content
    return tree + contents


def node(key: str, value: bytes = b"", children: tuple[bytes, ...] = ()) -> bytes:
    """Return a node of the version information."""
    body = key.encode("utf-16-le") + b"\x00\x00"
    body += bytes(-(len(body) + 6) % 4) + value
    for child in children:
        body += bytes(-(len(body) + 6) % 4) + child
    return struct.pack("<HHH", len(body) + 6, len(value), 0) + body


def version(*texts: tuple[str, str]) -> bytes:
    """Return version information with such strings."""
    strings = tuple(node(key, value.encode("utf-16-le") + b"\x00\x00") for key, value in texts)
    return node("VS_VERSION_INFO", bytes(52), (node("StringFileInfo", b"", (node("040904B0", b"", strings),)),))


def elf(code: bytes, *, is_64: bool = True, order: str = "<", names: tuple[bytes, ...] = (b".text",)) -> bytes:
    """Return an ELF program of one segment and, with names, a section table at its end."""
    start = 0x100
    base = 0x400000
    ident = b"\x7fELF" + bytes([2 if is_64 else 1, 1 if order == "<" else 2, 1]) + bytes(9)
    strings = b"\x00" + b"\x00".join((*names, b".shstrtab")) + b"\x00"
    tables = start + len(code) + len(strings)
    layout, sizes = ("HHIQQQIHHHHHH", (64, 56, 64)) if is_64 else ("HHIIIIIHHHHHH", (52, 32, 40))
    count = len(names) + 2 if names else 0
    numbers = (2, 62 if is_64 else 3, 1, base + start, sizes[0], tables if names else 0, 0)
    header = ident + struct.pack(order + layout, *numbers, *sizes[:2], 1, sizes[2], count, max(count - 1, 0))
    span = start + len(code)
    if is_64:
        header += struct.pack(order + "IIQQQQQQ", 1, 5, 0, base, base, span, span, 0x1000)
    else:
        header += struct.pack(order + "8I", 1, 0, base, base, span, span, 5, 0x1000)
    if not names:
        return header.ljust(start, b"\x00") + code
    entry = order + ("IIQQQQIIQQ" if is_64 else "10I")
    table = bytes(struct.calcsize(entry))
    for name in names:
        table += struct.pack(entry, strings.index(name), 1, 6, base + start, start, len(code), 0, 0, 1, 0)
    table += struct.pack(entry, strings.index(b".shstrtab"), 3, 0, 0, start + len(code), len(strings), 0, 0, 1, 0)
    return header.ljust(start, b"\x00") + code + strings + table


def macho(code: bytes, *, is_64: bool = True) -> bytes:
    """Return a Mach-O program of one segment with one section, entered at its first byte."""
    start = 0x200
    base = 0x100000000 if is_64 else 0x1000
    magic = 0xFEEDFACF if is_64 else 0xFEEDFACE
    place = (base, 0x1000, 0, start + len(code), 7, 5, 1, 0)
    where = (base + start, len(code), start, 0, 0, 0, 0, 0, 0)
    if is_64:
        segment = struct.pack("<II16s4Q4I", 0x19, 152, b"__TEXT", *place)
        segment += struct.pack("<16s16sQQ8I", b"__text", b"__TEXT", *where, 0)
    else:
        segment = struct.pack("<II16s4I4I", 1, 124, b"__TEXT", *place)
        segment += struct.pack("<16s16s9I", b"__text", b"__TEXT", *where)
    main = struct.pack("<IIQQ", 0x80000028, 24, start, 0)
    header = struct.pack("<7I", magic, 0x1000007 if is_64 else 7, 3, 2, 2, len(segment) + len(main), 0)
    return (header + bytes(4 if is_64 else 0) + segment + main).ljust(start, b"\x00") + code


def universal(*programs: bytes) -> bytes:
    """Return a universal Mach-O of programs."""
    at = 0x1000
    header, bodies = struct.pack(">II", 0xCAFEBABE, len(programs)), b""
    for number, program in enumerate(programs):
        header += struct.pack(">5I", 7 + number * 5, 3, at + len(bodies), len(program), 12)
        bodies += program
    return header.ljust(at, b"\x00") + bodies
