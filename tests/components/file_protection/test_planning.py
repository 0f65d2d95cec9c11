"""Tests of the plan that settings come to."""

from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.exclusions import By, Exclusion
from garrison.base.errors import Invalid
from garrison.components.file_protection.planning import Left, left_out, places_of, plan_of, watches_everything
from garrison.components.file_protection.settings import FileProtectionSettings
from garrison.wire.guarding import Occasion, Place, Plan, Reach

_NOTHING = Left((), (), ())


def _plan(observes: bool = False, **settings: Any) -> Plan:
    return plan_of(FileProtectionSettings(**settings), (Place(Reach.MOUNT, "/mnt"),), _NOTHING, observes)


def test_what_is_watched() -> None:
    chosen = FileProtectionSettings(folders=[Path("/srv")], mounts=[Path("/mnt")])
    assert places_of(chosen, is_system=False) == (Place(Reach.MOUNT, "/mnt"), Place(Reach.FOLDER, "/srv"))
    assert places_of(chosen, is_system=True) == (Place(Reach.EVERYTHING, "/"),)
    assert watches_everything(FileProtectionSettings(scope="everything"), is_system=False)
    assert not watches_everything(FileProtectionSettings(scope="chosen"), is_system=True)


def test_each_setting_is_in_the_plan() -> None:
    plan = _plan(on_open=False, on_change=False, types="extension", late="deny", deadline_seconds=3, skip_over_mib=2)
    assert plan.occasions == (Occasion.RUN,)
    assert (plan.types, plan.late, plan.deadline_seconds, plan.skip_over_bytes) == ("extension", "deny", 3.0, 2 << 20)
    plan = _plan(archives=True, heuristics="deep", seconds_per_object=7, trusted_programs=["/bin/x"])
    assert plan.examining.limits["archives"] == 1
    assert (plan.examining.heuristics, plan.examining.seconds, plan.programs) == ("deep", 7.0, ("/bin/x",))
    assert _plan().examining.limits["archives"] == 0


def test_who_only_wants_to_be_told_observes() -> None:
    assert not _plan().observes
    assert _plan(observes=True).observes
    assert _plan(action="tell").observes


def test_what_is_left_out_is_shared_and_own() -> None:
    digest = "AB" * 32
    shared = [
        Exclusion(1, By.MASK, "*.iso"),
        Exclusion(2, By.HASH, digest),
        Exclusion(3, By.NAME, "Other.*", applies_to=("scan",)),
    ]
    own = FileProtectionSettings(exclude_masks=["*.tmp"], exclude_names=["Mine"])
    left = left_out(own, shared)
    assert left == Left(("*.iso", "*.tmp"), ("Mine",), (digest.lower(),))
    plan = plan_of(own, (), left, observes=False)
    assert (plan.masks, plan.names, plan.hashes) == (left.masks, left.names, left.hashes)
    with pytest.raises(Invalid):
        left_out(FileProtectionSettings(exclude_masks=["*"]), [])
