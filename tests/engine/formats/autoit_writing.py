"""A small writer of compiled AutoIt scripts; its encryption is its own reverse."""

import struct

from garrison.engine.formats.autoit import DIALECTS, MAGIC, Dialect


def text(dialect: Dialect, letters: str, mask: int, key: int) -> bytes:
    plain = letters.encode("utf-16-le" if dialect.width == 2 else "latin-1")
    return struct.pack("<I", len(letters) ^ mask) + dialect.stream(key + len(letters)).apply(plain)


def entry(dialect: Dialect, kind: str, path: str, content: bytes, key: int, *, is_packed: bool = False) -> bytes:
    out = dialect.stream(dialect.mark).apply(b"FILE")
    out += text(dialect, kind, dialect.source_mask, dialect.source_key)
    out += text(dialect, path, dialect.path_mask, dialect.path_key)
    size = len(content) ^ dialect.size_mask
    out += struct.pack("<BIII16x", is_packed, size, size, 0)
    return out + dialect.stream(key).apply(content)


def compiled(version: bytes, *entries: tuple[str, str, bytes], is_packed: bool = False) -> bytes:
    """Return a compiled script of (kind, path, content)."""
    dialect = DIALECTS[version]
    password = bytes(range(16))
    key = dialect.data_key + (sum(password) if dialect.width == 1 else 0)
    parts = [entry(dialect, *each, key, is_packed=is_packed) for each in entries]
    return MAGIC + version + password + b"".join(parts)


def packed(version: bytes, content: bytes) -> bytes:
    """Return content in AutoIt's packing, every byte as it is but for one reference at the end."""
    literal = "0" if version == b"EA05" else "1"
    bits = "".join(literal + f"{byte:08b}" for byte in content)
    bits += ("1" if literal == "0" else "0") + f"{len(content):015b}" + "11" + "001"  # 3 + 3 + 1 bytes from the start
    bits += "0" * (-len(bits) % 16 + 32)
    return version + struct.pack(">I", len(content) + 7) + int(bits, 2).to_bytes(len(bits) // 8, "big")
