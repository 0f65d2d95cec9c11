"""What RAR 3 encrypts, made here from plain archives; that the key is RAR's own is shown by a sample of test_rar.py."""

import struct
import zlib

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from garrison.engine.formats import libarchive
from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_crypto import key_4
from tests.engine.formats.test_rar import PACKED_3, STORED_3
from tests.engine.opening import SMALL, Spent, contents, opened, remarks

needs_library = pytest.mark.skipif(not libarchive.preload(), reason="libarchive13 is not installed")
SALT = b"saltsalt"


def locked(archive: bytes, password: str) -> bytes:
    """Return an archive of RAR 3 with the data of its members encrypted."""
    key, block = key_4(password.encode("utf-16-le"), SALT)
    out, at = bytearray(archive[:20]), 20
    while at < len(archive):
        kind, flags, size = struct.unpack_from("<xxBHH", archive, at)
        header = archive[at : at + size]
        if kind == 0x74:
            length = int.from_bytes(header[7:11], "little")
            data = archive[at + size : at + size + length]
            cipher = Cipher(algorithms.AES(key), modes.CBC(block)).encryptor()
            packed = cipher.update(data + bytes(-length % 16))
            end = 32 + int.from_bytes(header[26:28], "little")
            fields = (
                struct.pack("<BHHL", kind, flags | 0x404, size + 8, len(packed)) + header[11:end] + SALT + header[end:]
            )
            out += struct.pack("<H", zlib.crc32(fields) & 0xFFFF) + fields + packed
            at += size + length
        else:
            out += header
            at += size
    return bytes(out)


def test_stored_members_are_decrypted() -> None:
    found = opened(members, locked(STORED_3, "infected"))
    assert contents(found) == contents(opened(members, STORED_3))
    assert remarks(found) == []


@needs_library
@pytest.mark.parametrize("password", ["infected", "123"])
def test_packed_members_are_decrypted(password: str) -> None:
    found = opened(members, locked(PACKED_3, password))
    assert found[0].content == opened(members, PACKED_3)[0].content
    assert len(found[0].content or b"") == 2048


def test_packed_members_need_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    assert remarks(opened(members, locked(PACKED_3, "virus"))) == []


@pytest.mark.parametrize("archive", [STORED_3, PACKED_3], ids=["stored", "packed"])
def test_an_unknown_password_leaves_it_closed(archive: bytes) -> None:
    found = opened(members, locked(archive, "not to be guessed"))
    assert set(remarks(found)) == {"encrypted: not opened"}


def test_the_time_and_the_limits_are_kept() -> None:
    whole = locked(PACKED_3, "123")
    for after in range(40):
        opened(members, whole, budget=Spent(after))
    opened(members, whole, limits=SMALL)
