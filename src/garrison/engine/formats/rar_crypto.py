"""The encryption of RAR 3 (AES-128, a key of 2 ** 18 rounds of SHA-1) and RAR 5 (AES-256, PBKDF2-HMAC-SHA256).

RAR 5.0 archive format by RARLAB; of RAR 3 there is no public specification: facts of the rarfile project.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from garrison.engine.guard import Guard

BLOCK = 16
_MOST_POWER = 18  # RAR's own is 15
_WORK = 5_000_000  # rounds of PBKDF2 for one archive, some seconds
_KEYS_4 = 128  # keys of RAR 3 for one archive, some 20 ms each
_LONGEST = 28  # characters: of longer passwords, RAR 3 derives keys that no standard SHA-1 gives
_SEGMENT = 0x4000
_SEGMENTS = 16
_LOW = bytes(range(256)) * (_SEGMENT // 256)
_MIDDLE = [b"".join(bytes((high,)) * 256 for high in range(first, first + 64)) for first in range(0, 256, 64)]


@dataclass(frozen=True, slots=True)
class Lock:
    """How something is encrypted. power: of 2, the rounds; -1 for RAR 3. check: of the password, b"" for none."""

    salt: bytes
    block: bytes = b""
    power: int = -1
    check: bytes = b""


Secret = tuple[bytes, bytes]  # the key, and the first block of the chain


class Keys:
    """The keys of one archive: worked out once, and not too many of them, for every key costs time.

    right: the password that was right before, which is tried first; the caller sets it.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._known: dict[tuple[bytes, bytes, int], Secret | None] = {}
        self.right = b""
        self._left_4 = _KEYS_4
        self._left_5 = _WORK

    def passwords(self) -> list[bytes]:
        """Return the passwords in the order in which they are tried."""
        return sorted(self._guard.passwords, key=lambda password: password != self.right)

    def of(self, lock: Lock) -> Iterator[tuple[bytes, Secret]]:
        """Yield the passwords that may be right, with what they give. Raises Incomplete at a limit.

        RAR 5 tells which is right; RAR 3 does not. What has no check of its password (RAR 5) stays closed.
        """
        for password in self.passwords():
            self._guard.check()
            secret = self._secret(password, lock)
            if secret is not None:
                yield password, (secret[0], lock.block or secret[1])

    def _secret(self, password: bytes, lock: Lock) -> Secret | None:
        place = password, lock.salt + lock.check, lock.power
        if place not in self._known:
            self._known[place] = self._key_4(password, lock.salt) if lock.power < 0 else self._key_5(password, lock)
        return self._known[place]

    def _key_4(self, password: bytes, salt: bytes) -> Secret | None:
        text = password.decode("utf-8", "replace").encode("utf-16-le")
        if len(text) > 2 * _LONGEST or not self._left_4:
            return None
        self._left_4 -= 1
        return key_4(text, salt)

    def _key_5(self, password: bytes, lock: Lock) -> Secret | None:
        rounds = 1 << min(lock.power, 63)
        if lock.power > _MOST_POWER or len(lock.check) < 8 or 2 * rounds > self._left_5:
            return None
        self._left_5 -= rounds
        if check_5(password, lock.salt, rounds) != lock.check[:8]:
            return None
        self._left_5 -= rounds
        return hashlib.pbkdf2_hmac("sha256", password, lock.salt, rounds), b""


def check_5(password: bytes, salt: bytes, rounds: int) -> bytes:
    """Return the eight bytes by which RAR 5 knows a password."""
    digest = hashlib.pbkdf2_hmac("sha256", password, salt, rounds + 32)
    first, second, third, fourth = struct.unpack("<4Q", digest)
    return struct.pack("<Q", first ^ second ^ third ^ fourth)


def key_4(text: bytes, salt: bytes) -> Secret:
    """Return the key of RAR 3 and the first block. text: the password in UTF-16, little-endian."""
    seed = text + salt
    unit = len(seed) + 3
    chunk = bytearray((seed + bytes(3)) * _SEGMENT)
    chunk[len(seed) :: unit] = _LOW
    digest = hashlib.sha1(usedforsecurity=False)
    block = bytearray()
    for number in range(_SEGMENTS):
        chunk[len(seed) + 1 :: unit] = _MIDDLE[number & 3]
        chunk[len(seed) + 2 :: unit] = bytes((number >> 2,)) * _SEGMENT
        digest.update(chunk[:unit])
        block.append(digest.digest()[19])
        digest.update(chunk[unit:])
    return struct.pack("<4L", *struct.unpack(">4L", digest.digest()[:16])), bytes(block)


def decrypted(data: bytes, secret: Secret) -> bytes:
    """Return the whole blocks of the data, decrypted; what is behind the last one is left out."""
    return Cipher(algorithms.AES(secret[0]), modes.CBC(secret[1])).decryptor().update(data[: len(data) & -BLOCK])


def is_header_4(header: bytes) -> bool:
    """Return whether a RAR 3 header has the checksum it tells: so is the right password known."""
    return len(header) >= 7 and zlib.crc32(header[2:]) & 0xFFFF == int.from_bytes(header[:2], "little")
