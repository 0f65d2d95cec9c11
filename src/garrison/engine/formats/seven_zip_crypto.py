"""The encryption of 7z: AES-256 in CBC mode, with a key of many rounds of SHA-256 (7zAES; facts of 7-Zip's Methods)."""

import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from garrison.engine.formats.opener import ENCRYPTED
from garrison.engine.guard import Guard, Incomplete

METHOD = b"\x06\xf1\x07\x01"
_MOST_POWER = 22  # 7-Zip writes 19
_CHUNK = 1 << 16
_LOW = bytes(range(256)) * (_CHUNK >> 8)
_HIGH = b"".join(bytes((high,)) * 256 for high in range(_CHUNK >> 8))
Keys = dict[tuple[bytes, int, bytes], bytes]


def parameters(properties: bytes) -> tuple[int, bytes, bytes]:
    """Return the power of the rounds, the salt and the first block. Raises Incomplete."""
    if len(properties) < 2:
        return properties[0] & 63 if properties else 0, b"", bytes(16)
    first, second = properties[0], properties[1]
    salt_size = (first >> 7) + (second >> 4)
    block_size = (first >> 6 & 1) + (second & 15)
    salt = properties[2 : 2 + salt_size]
    return first & 63, salt, properties[2 + salt_size : 2 + salt_size + block_size].ljust(16, b"\x00")


def key(password: bytes, power: int, salt: bytes, guard: Guard, known: Keys) -> bytes:
    """Return the key for a password. known: those worked out before. Raises Incomplete at a limit."""
    found = known.get((password, power, salt))
    if found is None:
        text = password.decode("utf-8", "replace").encode("utf-16-le")
        found = known[password, power, salt] = _key(text, power, salt, guard)
    return found


def _key(text: bytes, power: int, salt: bytes, guard: Guard) -> bytes:
    if power == 63:
        return (salt + text)[:32].ljust(32, b"\x00")
    if power > _MOST_POWER:
        raise Incomplete(ENCRYPTED)
    unit = len(salt) + len(text) + 8
    at = unit - 8
    rounds = 1 << power
    count = min(rounds, _CHUNK)
    chunk = bytearray((salt + text + bytes(8)) * count)
    chunk[at::unit] = _LOW[:count]
    chunk[at + 1 :: unit] = _HIGH[:count]
    digest = hashlib.sha256()
    for high in range(max(1, rounds // _CHUNK)):
        guard.check()
        chunk[at + 2 :: unit] = bytes((high,)) * count  # up to 2 ** 24 rounds
        digest.update(chunk)
    return digest.digest()


def decrypted(pieces: Iterator[bytes], secret: bytes, block: bytes) -> Iterator[bytes]:
    """Yield decrypted pieces; padding stays at the end."""
    cipher = Cipher(algorithms.AES(secret), modes.CBC(block)).decryptor()
    for piece in pieces:
        yield cipher.update(piece)
