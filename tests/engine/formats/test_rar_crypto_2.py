"""The encryption of RAR 2; that it is RAR's own is shown by a sample of test_rar.py."""

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.rar_crypto_2 import Cipher
from garrison.engine.guard import Guard, Incomplete
from tests.engine.opening import Spent


def guard() -> Guard:
    return Guard(Limits(), Unbounded(), 100)


def test_whole_blocks_are_decrypted_whatever_the_pieces() -> None:
    data = bytes(range(100))
    whole = Cipher(b"password").decrypted(data, guard())
    assert len(whole) == 96
    cipher = Cipher(b"password")
    assert cipher.decrypted(data[:48], guard()) + cipher.decrypted(data[48:], guard()) == whole


@pytest.mark.parametrize(
    "password", [b"", b"x", b"sixteen letters.", b"more than sixteen letters", bytes(range(1, 256))]
)
def test_every_password_makes_its_own(password: bytes) -> None:
    assert Cipher(password).decrypted(bytes(32), guard()) != Cipher(b"another").decrypted(bytes(32), guard())


def test_the_time_is_kept() -> None:
    with pytest.raises(Incomplete):
        Cipher(b"x").decrypted(bytes(20_000), Guard(Limits(), Spent(2), 100))
