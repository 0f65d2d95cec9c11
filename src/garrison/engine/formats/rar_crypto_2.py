"""The encryption of RAR 2: a block cipher of its own, whose tables the password makes.

No public specification; facts of The Unarchiver's decoder (XADMaster).
"""

import struct

from garrison.engine.guard import Guard

MOST_BYTES = 512 * 1024  # by a loop in Python, more than a second
_LONGEST = 127
_BLOCK = 16
_ROUNDS = 32
_FIRST = (0xD3A3B879, 0x3F6D12F7, 0x7515A235, 0xA4E7F123)
_TABLE = bytes.fromhex(
    "d713952349c5c0cdf91c107730dd022ae801b1e90e58db19dfc3f45a57ef9989ffc793465c42f60dd8283e1dd9e656064718abc4"
    "6571da7b5d5ba3b2ca432ceb6bfa4bea31a77dd353729d9020c18f249e7cf7bb59d68d2f79e43d82d5c2aefb616e36e57339985e"
    "69f3d437d1f53f0ba4c81f9c51b0e3154c638bbc7f11f833cf78bdd208e22948b7cb87a5a63c62077a269baa45acfcee27863b80"
    "ec1bf050830355ce914f9a8e9fdcc9854a401481e0b98a67adb62b22fe52c697e7b43a0a761a660c328416bf886fa2b32d04946c"
    "a1384e7ef2de0faf921721f1b5be4de1002ea9ba445fed4135d0fda80912643474b8a0606d251e6a8c689605cc757054"
)
_MASK = 0xFFFFFFFF


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0xEDB88320 if value & 1 else 0)  # noqa: PLW2901 # eight steps of one number
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


class Cipher:
    """The state that a password makes; it changes with every block."""

    def __init__(self, password: bytes) -> None:
        password = password[:_LONGEST]
        self._key = list(_FIRST)
        self._table = _mixed(password)
        padded = password.ljust(len(password) + -len(password) % _BLOCK, b"\x00")
        for at in range(0, len(password), _BLOCK):
            self._follow(self._block(padded[at : at + _BLOCK], range(_ROUNDS)))

    def decrypted(self, data: bytes, guard: Guard) -> bytes:
        """Return the whole blocks of what comes next, decrypted. Raises Incomplete at a limit."""
        out, order = bytearray(), range(_ROUNDS - 1, -1, -1)
        for at in range(0, len(data) & -_BLOCK, _BLOCK):
            if not at & 0xFFF:
                guard.check()
            block = data[at : at + _BLOCK]
            out += self._block(block, order)
            self._follow(block)
        return bytes(out)

    def _block(self, block: bytes, order: range) -> bytes:
        key, table = self._key, self._table
        first, second, third, fourth = (word ^ key[n] for n, word in enumerate(struct.unpack("<4L", block)))
        for number in order:
            part = key[number & 3]
            left = (third + (fourth << 11 & _MASK | fourth >> 21) & _MASK) ^ part
            right = (fourth ^ (third << 17 & _MASK | third >> 15)) + part & _MASK
            mixed = first ^ int.from_bytes(left.to_bytes(4, "little").translate(table), "little")
            other = second ^ int.from_bytes(right.to_bytes(4, "little").translate(table), "little")
            first, second, third, fourth = third, fourth, mixed, other
        return struct.pack("<4L", third ^ key[0], fourth ^ key[1], first ^ key[2], second ^ key[3])

    def _follow(self, block: bytes) -> None:
        for at, byte in enumerate(block):
            self._key[at & 3] ^= _CRC[byte]


def _mixed(password: bytes) -> bytes:
    table = bytearray(_TABLE)
    padded = password + b"\x00"
    for turn in range(256):
        for at in range(0, len(password), 2):
            start = _CRC[padded[at] - turn & 255] & 255
            end = _CRC[padded[at + 1] + turn & 255] & 255
            step = 1
            while start != end:
                other = start + at + step & 255
                table[start], table[other] = table[other], table[start]
                start = start + 1 & 255
                step += 1
    return bytes(table)
