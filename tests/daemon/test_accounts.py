"""Accounts by number and by name."""

import errno
import os
import pwd
import socket

import pytest

from garrison.base.errors import NotFound, Unavailable
from garrison.daemon.accounts import account_named, account_of, caller_of
from garrison.sdk import Caller


def test_an_account_comes_with_its_groups() -> None:
    own = account_named(pwd.getpwuid(os.geteuid()).pw_name)
    assert own == account_of(own.uid, own.gid)
    assert own.gid in own.groups


@pytest.mark.skipif(os.geteuid() == 0, reason="root may act for everybody")
def test_an_ordinary_account_acts_for_itself_only() -> None:
    with pytest.raises(Unavailable, match="another account"):
        account_named("root")


def test_a_number_that_nobody_has() -> None:
    assert account_of(123_456_789, 7) == Caller(123_456_789, 7, (7,))


@pytest.mark.parametrize("name", ["", "no-such-account", "\udcff", "a\0b"])
def test_a_name_that_nobody_has(name: str) -> None:
    with pytest.raises(NotFound):
        account_named(name)


def test_the_own_account_can_always_be_named() -> None:
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert account_named(name).uid == os.geteuid()


@pytest.mark.parametrize(
    ("failure", "groups"), [(errno.ENOPROTOOPT, account_of(0, 0).groups), (errno.ERANGE, (0,))], ids=["old", "many"]
)
def test_where_the_groups_of_a_caller_cannot_be_told(
    monkeypatch: pytest.MonkeyPatch, failure: int, groups: tuple[int, ...]
) -> None:
    def getsockopt(_: socket.socket, level: int, option: int, size: int) -> bytes:
        assert level == socket.SOL_SOCKET
        if option == socket.SO_PEERCRED:
            return b"\0" * size
        raise OSError(failure, "no")

    monkeypatch.setattr(socket.socket, "getsockopt", getsockopt)
    one, other = socket.socketpair()
    with one, other:
        assert caller_of(one) == Caller(0, 0, groups)
