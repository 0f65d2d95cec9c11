"""The encryption of zips: PKWARE's traditional one (APPNOTE.TXT 6.3.10, 6.1) and WinZip's AES (AE-1 and AE-2)."""

import hashlib
import hmac
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from garrison.engine.guard import Guard

TRADITIONAL_HEADER = 12
TRADITIONAL_BYTES = 16 * 1024 * 1024  # by a loop in Python, about a second for each MiB
_AES_TAIL = 10
_BLOCK = 16


def _crc_table() -> tuple[int, ...]:
    table = []
    for number in range(256):
        for _ in range(8):
            number = number >> 1 ^ (0xEDB88320 if number & 1 else 0)  # noqa: PLW2901 # eight steps of one number
        table.append(number)
    return tuple(table)


_CRC = _crc_table()
_Keys = tuple[int, int, int]


def _keys(password: bytes) -> _Keys:
    keys = (0x12345678, 0x23456789, 0x34567890)
    for byte in password:
        keys = _update(keys, byte)
    return keys


def _update(keys: _Keys, byte: int) -> _Keys:
    first = keys[0] >> 8 ^ _CRC[(keys[0] ^ byte) & 255]
    second = ((keys[1] + (first & 255)) * 134775813 + 1) & 0xFFFFFFFF
    return first, second, keys[2] >> 8 ^ _CRC[(keys[2] ^ second >> 24) & 255]


def _decrypt(data: bytes, keys: _Keys) -> tuple[bytes, _Keys]:
    first, second, third = keys
    crc = _CRC
    out = bytearray(len(data))
    for at, byte in enumerate(data):
        mixed = third | 2
        plain = byte ^ ((mixed * (mixed ^ 1)) >> 8 & 255)
        out[at] = plain
        first = first >> 8 ^ crc[(first ^ plain) & 255]
        second = ((second + (first & 255)) * 134775813 + 1) & 0xFFFFFFFF
        third = third >> 8 ^ crc[(third ^ second >> 24) & 255]
    return bytes(out), (first, second, third)


def traditional(data: bytes, checks: set[int], guard: Guard) -> Iterator[bytes]:
    """Yield the decrypted data for every password whose check byte is one of `checks`. Raises Incomplete.

    One wrong password in 256 passes that check: the caller compares more.
    """
    for password in guard.passwords:
        header, keys = _decrypt(data[:TRADITIONAL_HEADER], _keys(password))
        if header[-1:] and header[-1] in checks:
            pieces = []
            for at in range(TRADITIONAL_HEADER, len(data), 64 * 1024):
                guard.check()
                piece, keys = _decrypt(data[at : at + 64 * 1024], keys)
                pieces.append(piece)
            yield b"".join(pieces)


def aes(data: bytes, strength: int, guard: Guard) -> bytes | None:
    """Return the decrypted data of the first password that its own checksum confirms, or None. Raises Incomplete.

    strength: 1, 2 or 3 for keys of 128, 192 or 256 bits. Salt, a check of two bytes, data, ten bytes of HMAC-SHA1.
    """
    size = 8 + 8 * strength
    salt = data[: size // 2]
    body = data[size // 2 + 2 : -_AES_TAIL]
    if strength not in {1, 2, 3} or len(data) < size // 2 + 2 + _AES_TAIL:
        return None
    for password in guard.passwords:
        guard.check()
        keys = hashlib.pbkdf2_hmac("sha1", password, salt, 1000, 2 * size + 2)
        if keys[-2:] != data[size // 2 : size // 2 + 2]:
            continue
        if hmac.digest(keys[size : 2 * size], body, "sha1")[:_AES_TAIL] == data[-_AES_TAIL:]:
            return _count_from_one(keys[:size], body, guard)
    return None


def _count_from_one(key: bytes, body: bytes, guard: Guard) -> bytes:
    """Decrypt in counter mode with a counter that is little-endian and begins at 1."""
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 # the counter mode of WinZip is made of it
    out = []
    for start in range(0, len(body), 64 * 1024):
        guard.check()
        piece = body[start : start + 64 * 1024]
        first = start // _BLOCK + 1
        count = -(-len(piece) // _BLOCK)
        stream = cipher.update(b"".join(n.to_bytes(_BLOCK, "little") for n in range(first, first + count)))
        mixed = int.from_bytes(piece, "little") ^ int.from_bytes(stream[: len(piece)], "little")
        out.append(mixed.to_bytes(len(piece), "little"))
    return b"".join(out)
