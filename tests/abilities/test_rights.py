import os

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Refused
from garrison.sdk import Access, Caller, Feature

STRANGER = Caller(os.geteuid() + 12345, 1)
OWNERS = (Caller.myself(), Caller(0, 0))


@pytest.mark.parametrize("feature", Feature)
def test_without_a_subscription_all_is_included(feature: Feature) -> None:
    assert Rights().includes(feature)
    Rights().check_licence(feature, "X")


@pytest.mark.parametrize("access", Access)
def test_the_owner_may_do_everything(access: Access) -> None:
    for owner in OWNERS:
        Rights().check_access(owner, access, "X")


@pytest.mark.parametrize("access", [Access.VIEW, Access.OPERATE])
def test_everybody_may_look_and_use(access: Access) -> None:
    Rights().check_access(STRANGER, access, "X")


@pytest.mark.parametrize("access", [Access.CONFIGURE, Access.WEAKEN])
def test_only_the_owner_may_change_how_all_are_protected(access: Access) -> None:
    with pytest.raises(Refused, match="“X” changes"):
        Rights().check_access(STRANGER, access, "X")
