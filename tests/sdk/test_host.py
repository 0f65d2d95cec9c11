import os

import pytest

from garrison.sdk import Caller


@pytest.mark.parametrize(
    ("uid", "owner", "sees"), [(1000, 1000, True), (1000, 1001, False), (0, 1001, True), (1000, 0, False)]
)
def test_people_see_their_own_and_root_sees_all(
    uid: int, owner: int, sees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert Caller(uid, uid).sees(owner) is sees


def test_a_suite_of_ones_own_is_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert Caller(1000, 1000).is_owner
    assert Caller(0, 0).is_owner
    assert not Caller(1001, 1001).is_owner


def test_the_account_this_runs_as() -> None:
    assert Caller.myself() == Caller(os.geteuid(), os.getegid(), tuple(os.getgroups()))
