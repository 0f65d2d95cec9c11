import hashlib

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.seven_zip_crypto import key, parameters
from garrison.engine.guard import Guard


def test_a_key_is_the_digest_of_all_rounds() -> None:
    text = "infected".encode("utf-16-le")
    rounds = b"".join(b"salt" + text + number.to_bytes(8, "little") for number in range(1 << 17))
    guard = Guard(Limits(), Unbounded(), 1)
    assert key(b"infected", 17, b"salt", guard, {}) == hashlib.sha256(rounds).digest()


def test_the_parameters_are_read() -> None:
    assert parameters(b"\x53\x07" + b"1234567" + b"8") == (19, b"", b"12345678" + bytes(8))
