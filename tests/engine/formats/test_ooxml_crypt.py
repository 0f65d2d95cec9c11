import base64
import hashlib
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.ole_ciphers import aes_cbc_encrypt
from garrison.engine.formats.ole_streams import members
from garrison.engine.formats.ooxml_crypt import EXCELS_OWN, opened
from garrison.engine.guard import Guard
from tests.engine import opening
from tests.engine.documents import make_ole
from tests.engine.samples import EICAR

SALT, DATA_SALT, KEY = b"s" * 16, b"d" * 16, b"k" * 32
CONTENT = EICAR * 200


def sha512(content: bytes) -> bytes:
    return hashlib.sha512(content).digest()


def agile(password: str) -> tuple[bytes, bytes]:
    digest = sha512(SALT + password.encode("utf-16-le"))
    for number in range(3):
        digest = sha512(struct.pack("<I", number) + digest)

    def locked(purpose: str, content: bytes) -> str:
        key = sha512(digest + bytes.fromhex(purpose))[:32]
        return base64.b64encode(aes_cbc_encrypt(key, SALT, content)).decode()

    given_ = b"v" * 16
    info = (
        f'<encryption><keyData blockSize="16" keyBits="256" hashAlgorithm="SHA512" saltValue="{text(DATA_SALT)}"/>'
        f'<p:encryptedKey spinCount="3" keyBits="256" hashAlgorithm="SHA512" saltValue="{text(SALT)}" '
        f'encryptedVerifierHashInput="{locked("fea7d2763b4b9e79", given_)}" '
        f'encryptedVerifierHashValue="{locked("d7aa0f6d3061344e", sha512(given_))}" '
        f'encryptedKeyValue="{locked("146e0be7abacd0d6", KEY)}"/></encryption>'
    )
    packed = b""
    for number, at in enumerate(range(0, len(CONTENT), 4096)):
        piece = CONTENT[at : at + 4096]
        packed += aes_cbc_encrypt(
            KEY, sha512(DATA_SALT + struct.pack("<I", number))[:16], piece + bytes(-len(piece) % 16)
        )
    return b"\x04\x00\x04\x00\x40\x00\x00\x00" + info.encode(), struct.pack("<Q", len(CONTENT)) + packed


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


def standard(password: str) -> tuple[bytes, bytes]:
    digest = hashlib.sha1(SALT + password.encode("utf-16-le")).digest()
    for number in range(50_000):
        digest = hashlib.sha1(struct.pack("<I", number) + digest).digest()
    final = hashlib.sha1(digest + bytes(4)).digest().ljust(64, b"\x00")
    key = hashlib.sha1(bytes(byte ^ 0x36 for byte in final)).digest()[:16]

    def locked(content: bytes) -> bytes:
        return Cipher(AES(key), ECB()).encryptor().update(content + bytes(-len(content) % 16))

    header = struct.pack("<8I", 0x24, 0, 0x660E, 0x8004, 128, 24, 0, 0)
    verifier = struct.pack("<I", 16) + SALT + locked(b"v" * 16) + struct.pack("<I", 20)
    verifier += locked(hashlib.sha1(b"v" * 16).digest())
    info = struct.pack("<HHII", 3, 2, 0x24, len(header)) + header + verifier
    return info, struct.pack("<Q", len(CONTENT)) + locked(CONTENT)


@pytest.mark.parametrize("make", [agile, standard])
def test_a_document_with_a_password_that_everybody_knows_is_opened(make: object) -> None:
    info, package = agile(EXCELS_OWN) if make is agile else standard(EXCELS_OWN)
    whole = make_ole({"EncryptionInfo": info, "EncryptedPackage": package})
    found = opening.opened(members, whole)
    assert opening.contents(found)["document",] == CONTENT
    assert opening.remarks(found) == []


def test_a_document_with_a_password_of_its_own_says_so() -> None:
    info, package = agile("own")
    found = opening.opened(members, make_ole({"EncryptionInfo": info, "EncryptedPackage": package}))
    assert opening.remarks(found) == ["encrypted: not opened"]


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(content: bytes) -> None:
    for start in (b"\x04\x00\x04\x00", b"\x03\x00\x02\x00", b""):
        assert opened(start + content, content, Guard(Limits(), Unbounded(), 100)) is None
