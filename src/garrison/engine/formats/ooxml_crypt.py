"""Encrypted Office documents: [MS-OFFCRYPTO] 2.3.4.5 to 2.3.4.9 (standard), 2.3.4.10 to 2.3.4.15 (agile).

Excel opens what is encrypted with one well-known password without asking; so such documents look encrypted to everybody
but the person who opens them.
"""

import codecs
import hashlib
import re
import struct
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from garrison.engine.formats.ole_ciphers import aes_cbc_decrypt, aes_ecb_decrypt
from garrison.engine.guard import Guard

EXCELS_OWN = "VelvetSweatshop"
_STANDARD_TURNS = 50_000
_MOST_TURNS = 200_000  # Office takes 100,000
_TURNS_A_CHECK = 4096
_SEGMENT_BYTES = 4096
_PIECE_BYTES = 256 * 1024
_HASHES = {"SHA1": "sha1", "SHA-1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512", "MD5": "md5"}
_INPUT, _VALUE, _KEY = (bytes.fromhex(text) for text in ("fea7d2763b4b9e79", "d7aa0f6d3061344e", "146e0be7abacd0d6"))
_KEY_DATA = re.compile(rb"<keyData\b([^>]{0,2000})>")
_KEY_OF_PASSWORD = re.compile(rb"<(?:\w{1,20}:)?encryptedKey\b([^>]{0,4000})>")
_ATTRIBUTE = re.compile(rb"(\w{1,40})=\"([^\"]{0,400})\"")

Pieces = Callable[[bytes], Iterator[bytes]]


def opened(info: bytes, package: bytes, guard: Guard) -> Iterator[bytes] | None:
    """Return the pieces of the document in a stream called EncryptedPackage, or None when no password opens it.

    info: the stream called EncryptionInfo. Raises Incomplete when the time is over.
    """
    passwords = (EXCELS_OWN, *(word.decode("latin-1") for word in guard.passwords))
    is_agile = info[:4] == b"\x04\x00\x04\x00"
    opener = _agile(info) if is_agile else _standard(info)
    for password in passwords if opener is not None else ():
        pieces = opener(codecs.utf_16_le_encode(password)[0], guard) if opener else None
        if pieces is not None:
            return _counted(pieces(package[8:]), int.from_bytes(package[:8], "little"), guard)
    return None


def _counted(pieces: Iterator[bytes], left: int, guard: Guard) -> Iterator[bytes]:
    for piece in pieces:
        kept = piece[: max(0, left)]
        left -= len(piece)
        guard.grew(len(kept))
        yield kept


def _turned(algorithm: str, start: bytes, turns: int, guard: Guard) -> bytes:
    """Return a digest of a digest of ..., each with its number in front."""
    digest = hashlib.new(algorithm, start, usedforsecurity=False).digest()
    for number in range(turns):
        digest = hashlib.new(algorithm, number.to_bytes(4, "little") + digest, usedforsecurity=False).digest()
        if number % _TURNS_A_CHECK == 0:
            guard.check()
    return digest


_Opener = Callable[[bytes, Guard], Pieces | None]


def _standard(info: bytes) -> _Opener | None:
    if len(info) < 12 or info[2:4] != b"\x02\x00":
        return None
    length = int.from_bytes(info[8:12], "little")
    bits = int.from_bytes(info[28:32], "little") or 128
    verifier = info[12 + length : 12 + length + 72]
    if len(verifier) < 72 or bits not in {128, 192, 256}:
        return None

    def run(password: bytes, guard: Guard) -> Pieces | None:
        digest = _turned("sha1", verifier[4:20] + password, _STANDARD_TURNS, guard)
        final = _sha1(digest + bytes(4))
        key = b"".join(_sha1(_xored(final, mask)) for mask in (0x36, 0x5C))[: bits // 8]
        wanted = _sha1(aes_ecb_decrypt(key, verifier[20:36]))
        if aes_ecb_decrypt(key, verifier[40:72])[:20] != wanted:
            return None
        return lambda packed: _ecb_pieces(key, packed)

    return run


def _sha1(content: bytes) -> bytes:
    return hashlib.sha1(content, usedforsecurity=False).digest()


def _xored(digest: bytes, mask: int) -> bytes:
    return bytes(byte ^ mask for byte in digest.ljust(64, b"\x00"))


def _ecb_pieces(key: bytes, packed: bytes) -> Iterator[bytes]:
    for at in range(0, len(packed), _PIECE_BYTES):
        piece = packed[at : at + _PIECE_BYTES]
        yield aes_ecb_decrypt(key, piece[: len(piece) // 16 * 16])


@dataclass(frozen=True, slots=True)
class _Fields:
    """The attributes of an element."""

    values: dict[bytes, bytes]

    def number(self, name: bytes) -> int:
        """Return a number, 0 when it is none."""
        value = self.values.get(name, b"")
        return int(value) if value.isdigit() and len(value) < 10 else 0

    def content(self, name: bytes) -> bytes:
        """Return bytes in base-64, b"" when they are none."""
        try:
            return b64decode(self.values.get(name, b""))
        except ValueError:
            return b""

    def algorithm(self) -> str:
        """Return the name of the digest, "" when it is unknown."""
        return _HASHES.get(self.values.get(b"hashAlgorithm", b"").decode("latin-1"), "")


def _fields(pattern: "re.Pattern[bytes]", info: bytes) -> _Fields:
    match = pattern.search(info)
    return _Fields(dict(_ATTRIBUTE.findall(match[1])) if match else {})


def _agile(info: bytes) -> _Opener | None:
    data, word = _fields(_KEY_DATA, info), _fields(_KEY_OF_PASSWORD, info)
    turns, salt, algorithm = word.number(b"spinCount"), word.content(b"saltValue"), word.algorithm()
    size = word.number(b"keyBits") // 8
    if not (algorithm and data.algorithm() and len(salt) == 16 and turns <= _MOST_TURNS and size in {16, 24, 32}):
        return None

    def run(password: bytes, guard: Guard) -> Pieces | None:
        digest = _turned(algorithm, salt + password, turns, guard)

        def unlocked(purpose: bytes, field: bytes) -> bytes:
            key = hashlib.new(algorithm, digest + purpose, usedforsecurity=False).digest()[:size].ljust(size, b"\x36")
            return aes_cbc_decrypt(key, salt, word.content(field))

        given = hashlib.new(algorithm, unlocked(_INPUT, b"encryptedVerifierHashInput"), usedforsecurity=False).digest()
        if not unlocked(_VALUE, b"encryptedVerifierHashValue").startswith(given):
            return None
        key = unlocked(_KEY, b"encryptedKeyValue")[: data.number(b"keyBits") // 8]
        return lambda packed: _segments(key, data, packed)

    return run


def _segments(key: bytes, data: _Fields, packed: bytes) -> Iterator[bytes]:
    salt, algorithm = data.content(b"saltValue"), data.algorithm()
    for number, at in enumerate(range(0, len(packed), _SEGMENT_BYTES)):
        vector = hashlib.new(algorithm, salt + struct.pack("<I", number), usedforsecurity=False).digest()[:16]
        segment = packed[at : at + _SEGMENT_BYTES]
        yield aes_cbc_decrypt(key, vector, segment[: len(segment) // 16 * 16])
