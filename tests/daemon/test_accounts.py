"""Accounts by number and by name."""

import os
import pwd

import pytest

from garrison.base.errors import NotFound
from garrison.daemon.accounts import account_named, account_of
from garrison.sdk import Caller


def test_an_account_comes_with_its_groups() -> None:
    root = account_named("root")
    assert (root.uid, root.gid) == (0, 0)
    assert root == account_of(0, 0)
    assert 0 in root.groups


def test_a_number_that_nobody_has() -> None:
    assert account_of(123_456_789, 7) == Caller(123_456_789, 7, (7,))


@pytest.mark.parametrize("name", ["", "no-such-account", "\udcff", "a\0b"])
def test_a_name_that_nobody_has(name: str) -> None:
    with pytest.raises(NotFound):
        account_named(name)


def test_the_own_account_can_always_be_named() -> None:
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert account_named(name).uid == os.geteuid()
