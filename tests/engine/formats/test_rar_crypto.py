import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.rar_crypto import Keys, Lock, check_5, decrypted
from garrison.engine.guard import Guard, Incomplete
from tests.engine.opening import Spent

SALT = bytes(range(16))


def keys(*passwords: bytes) -> Keys:
    return Keys(Guard(Limits(), Unbounded(), 100, passwords))


def test_rar_5_tells_the_right_password() -> None:
    lock = Lock(SALT, bytes(16), 3, check_5(b"second", SALT, 8))
    assert [password for password, _ in keys(b"first", b"second").of(lock)] == [b"second"]


@pytest.mark.parametrize("power", [19, 40, 255])
def test_more_rounds_than_anybody_uses_are_refused(power: int) -> None:
    assert list(keys(b"word").of(Lock(SALT, bytes(16), power, bytes(8)))) == []


def test_without_a_check_of_the_password_nothing_is_tried() -> None:
    assert list(keys(b"word").of(Lock(SALT, bytes(16), 1))) == []


def test_only_so_many_keys_are_worked_out() -> None:
    known = keys(b"word")
    for number in range(20):
        list(known.of(Lock(number.to_bytes(16, "big"), bytes(16), 18, bytes(8))))
    assert list(known.of(Lock(SALT, bytes(16), 18, check_5(b"word", SALT, 1 << 18)))) == []


def test_rar_3_yields_all_and_the_one_that_was_right_first() -> None:
    known = keys(b"one", b"two", b"a very long password that it hashes in its own way")
    assert [password for password, _ in known.of(Lock(b"12345678"))] == [b"one", b"two"]
    known.right = b"two"
    assert [password for password, _ in known.of(Lock(b"12345678"))] == [b"two", b"one"]


def test_the_time_is_kept() -> None:
    with pytest.raises(Incomplete):
        list(Keys(Guard(Limits(), Spent(1), 100)).of(Lock(b"12345678")))


def test_what_is_no_whole_block_is_left_out() -> None:
    assert len(decrypted(bytes(40), (bytes(32), bytes(16)))) == 32
