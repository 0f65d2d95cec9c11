"""Tests of the exclusions component on a stage, where each account can be the caller."""

import asyncio
from pathlib import Path

import pytest

from garrison import sdk
from garrison.abilities.exclusions import By
from garrison.abilities.exclusions import Exclusions as ExclusionList
from garrison.base.clock import FakeClock
from garrison.base.errors import Refused
from garrison.base.paths import Home
from garrison.components.exclusions.component import Exclusions
from garrison.sdk.testing import START, stage
from tests.abilities.things import NOBODY


def test_only_the_owner_sees_where_nobody_looks(tmp_path: Path) -> None:
    exclusions = ExclusionList(Home(tmp_path), FakeClock(START))
    exclusions.add(By.MASK, "/blind/spot")
    staged = stage(Exclusions, exclusions=exclusions)
    assert len(asyncio.run(staged.ask("list", sdk.Caller.myself()))) == 1
    with pytest.raises(Refused, match="owner"):
        asyncio.run(staged.ask("list", sdk.Caller(NOBODY, NOBODY)))
