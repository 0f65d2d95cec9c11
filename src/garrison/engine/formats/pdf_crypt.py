"""Encrypted PDFs that open without a password: ISO 32000-1:2008, 7.6; ISO 32000-2:2020, 7.6.4.3.3 (AES-256)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from garrison.engine.formats.ole_ciphers import aes_cbc_decrypt, aes_cbc_encrypt, rc4
from garrison.engine.formats.pdf_filters import unescaped
from garrison.engine.formats.pdf_objects import Object, text_at

_ENCRYPT = re.compile(rb"/Encrypt[\s\x00]{0,8}(?:(\d{1,10})[\s\x00]{1,8}\d{1,5}[\s\x00]{1,8}R|<<)")
_ID = re.compile(rb"/ID[\s\x00]{0,8}\[[\s\x00]{0,8}(?=[(<])")
_METHOD = re.compile(rb"/CFM[\s\x00]{0,8}/(\w{1,12})")
_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_INLINE_BYTES = 4096
_TRIES = 8
_NO_METADATA = re.compile(rb"/EncryptMetadata[\s\x00]{0,8}false")
_PLAIN_METADATA = re.compile(rb"/Type[\s\x00]{0,8}/(?:XRef|Metadata)\b")


@dataclass(frozen=True, slots=True)
class Cipher:
    """How a file is encrypted. key: the file's, b"" when it needs a password. method: RC4, AESV2, AESV3 or none."""

    key: bytes
    method: bytes
    with_metadata: bool = True

    @property
    def is_open(self) -> bool:
        """Whether it opens without a password."""
        return bool(self.key)

    def text(self, content: bytes, number: int, generation: int) -> bytes:
        """Return a text of an object, decrypted."""
        return self._decrypted(content, number, generation) if self.key else content

    def stream(self, content: bytes, number: int, generation: int, head: bytes) -> bytes:
        """Return a stream of an object, decrypted; some are never encrypted (7.5.8.2, 7.6.1)."""
        plain = _PLAIN_METADATA.search(head)
        if plain is not None and (b"XRef" in plain[0] or not self.with_metadata):
            return content
        return self._decrypted(content, number, generation)

    def _decrypted(self, content: bytes, number: int, generation: int) -> bytes:
        if self.method == b"None":
            return content
        if self.method == b"AESV3":
            return _unpadded(self.key, content)
        salt = number.to_bytes(8, "little")[:3] + generation.to_bytes(4, "little")[:2]
        salt += b"sAlT" if self.method == b"AESV2" else b""
        key = hashlib.md5(self.key + salt, usedforsecurity=False).digest()[: min(16, len(self.key) + 5)]
        return _unpadded(key, content) if self.method == b"AESV2" else rc4(key, content)


def cipher(content: bytes, objects: Sequence[Object]) -> Cipher | None:
    """Return how a file is encrypted, or None when it is not."""
    if b"/Encrypt" not in content:
        return None
    for match in islice(_ENCRYPT.finditer(content), _TRIES):
        if match[1]:
            number = int(match[1])
            heads = [each.head for each in objects if each.number == number]
        else:
            heads = [content[match.end() : match.end() + _INLINE_BYTES]]
        for head in reversed(heads):
            if b"/Standard" in (plain := unescaped(head)) or b"/O" in plain:
                return _standard(head, _identifier(content))
        return Cipher(b"", b"")
    return None


def _identifier(content: bytes) -> bytes:
    match = _ID.search(content)
    return text_at(content[match.end() : match.end() + _INLINE_BYTES], 0)[0][:64] if match else b""


def _number(head: bytes, key: bytes, instead: int) -> int:
    match = re.search(rb"/" + key + rb"[\s\x00]{0,8}(-?\d{1,10})(?!\d)", head)
    return int(match[1]) if match else instead


def _text(head: bytes, key: bytes) -> bytes:
    match = re.search(rb"/" + key + rb"[\s\x00]{0,8}(?=[(<])", head)
    return text_at(head, match.end())[0] if match else b""


def _standard(head: bytes, identifier: bytes) -> Cipher:
    """Return the cipher of the standard handler with the empty password of a user."""
    version, revision = _number(head, b"V", 0), _number(head, b"R", 2)
    methods = _METHOD.findall(head)
    method = methods[0] if version >= 4 and methods else b"RC4"
    with_metadata = _NO_METADATA.search(head) is None
    if revision >= 5:
        return Cipher(_key_of_256_bits(head, revision), b"AESV3" if method != b"None" else method, with_metadata)
    length = 5 if revision == 2 else max(5, min(16, _length(head, version)))
    permissions = _number(head, b"P", 0) & 0xFFFFFFFF
    text = _PADDING + _text(head, b"O")[:32] + permissions.to_bytes(4, "little") + identifier
    if revision >= 4 and not with_metadata:
        text += b"\xff\xff\xff\xff"
    key = hashlib.md5(text, usedforsecurity=False).digest()
    for _ in range(50 if revision >= 3 else 0):
        key = hashlib.md5(key[:length], usedforsecurity=False).digest()
    key = key[:length]
    return Cipher(key if _opens(key, revision, identifier, _text(head, b"U")) else b"", method, with_metadata)


def _length(head: bytes, version: int) -> int:
    """Return the key's length in bytes; some programs write bytes where bits are meant."""
    if version >= 4:
        return 16
    bits = _number(head, b"Length", 40)
    return bits // 8 if bits >= 40 else bits


def _opens(key: bytes, revision: int, identifier: bytes, user: bytes) -> bool:
    if revision == 2:
        return rc4(key, _PADDING) == user[:32]
    check = rc4(key, hashlib.md5(_PADDING + identifier, usedforsecurity=False).digest())
    for number in range(1, 20):
        check = rc4(bytes(byte ^ number for byte in key), check)
    return check == user[:16]


def _key_of_256_bits(head: bytes, revision: int) -> bytes:
    user, packed = _text(head, b"U"), _text(head, b"UE")[:32]
    if len(user) < 48 or len(packed) < 32:
        return b""
    digest = _digest if revision >= 6 else _sha256
    if digest(user[32:40]) != user[:32]:
        return b""
    return aes_cbc_decrypt(digest(user[40:48]), bytes(16), packed)


def _sha256(salt: bytes) -> bytes:
    return hashlib.sha256(salt).digest()


def _digest(salt: bytes) -> bytes:
    """Return the digest of the empty password (ISO 32000-2, algorithm 2.B)."""
    key = hashlib.sha256(salt).digest()
    for count in range(10_000):
        packed = aes_cbc_encrypt(key[:16], key[16:32], key * 64)
        kind = ("sha256", "sha384", "sha512")[sum(packed[:16]) % 3]
        key = hashlib.new(kind, packed).digest()
        if count >= 63 and packed[-1] <= count - 31:
            break
    return key[:32]


def _unpadded(key: bytes, content: bytes) -> bytes:
    """Return what AES-CBC with its vector in front says, less the padding; a cut block is left out."""
    whole = len(content) // 16 * 16
    if whole < 32:
        return b""
    plain = aes_cbc_decrypt(key, content[:16], content[16:whole])
    pad = plain[-1]
    return plain[:-pad] if 1 <= pad <= 16 and whole == len(content) else plain
