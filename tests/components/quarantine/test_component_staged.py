"""Tests of the quarantine component on a stage, where each account can be the caller."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from garrison import sdk
from garrison.abilities.databases import Databases
from garrison.abilities.exclusions import Exclusions
from garrison.abilities.scanner import Scanner
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import FakeClock
from garrison.base.errors import GarrisonError, NotFound
from garrison.base.paths import Home
from garrison.components.quarantine.component import QuarantineComponent, QuarantineSettings
from garrison.sdk.testing import START, Staged, stage
from tests.abilities.things import EICAR, NOBODY, make_store, needs_root, take

OTHER = sdk.Caller(NOBODY, NOBODY)


@pytest.fixture
def staged(tmp_path: Path) -> Staged[QuarantineComponent]:
    home, clock, store = Home(tmp_path / "home"), FakeClock(START), make_store(tmp_path / "home")
    path = tmp_path / "bad"
    for _ in range(2):
        path.write_bytes(EICAR)
        take(store, path)
    first, second = store.records()
    store._records.clear()
    metadata = replace(second.metadata, uid=NOBODY)
    for record in (
        replace(first, id="aa0000000001"),
        replace(second, id="aa0000000002", taken_by=NOBODY, metadata=metadata),
    ):
        store._records[record.id] = record
    return stage(
        QuarantineComponent,
        home=home,
        quarantine=store,
        exclusions=Exclusions(home, clock),
        scanner=Scanner(Databases(home, clock), store, Unchanged(home.folder("unchanged", 1), clock)),
    )


@needs_root
def test_shortened_ids_say_nothing_of_what_others_have(staged: Staged[QuarantineComponent]) -> None:
    assert asyncio.run(staged.ask("show", OTHER, id="aa")).id == "aa0000000002"
    with pytest.raises(NotFound, match="several"):
        asyncio.run(staged.ask("show", sdk.Caller.myself(), id="aa"))
    with pytest.raises(NotFound, match="is not in quarantine"):
        asyncio.run(staged.ask("show", OTHER, id="aa0000000001"))


@needs_root
def test_damaged_records_are_named_to_the_owner_only(staged: Staged[QuarantineComponent]) -> None:
    staged.component._quarantine.damaged.append("0123.json")
    (issue,) = staged.component.issues()
    assert "0123.json" in str(issue.text)
    (issue,) = staged.component.issues_for(OTHER)
    assert str(issue.text) == "Damaged in quarantine, and left alone: 1 record"


def test_the_share_of_an_account_is_a_setting(staged: Staged[QuarantineComponent]) -> None:
    assert staged.component._quarantine.share_percent == 25
    staged.component.settings = QuarantineSettings(share_percent=10)
    staged.component.settings_changed()
    assert staged.component._quarantine.share_percent == 10


@pytest.mark.parametrize("to", ["/proc/1/root/x", "/proc/self/fd/0/x", "/dev/fd/0"])
def test_a_place_among_processes_is_refused_kindly(staged: Staged[QuarantineComponent], to: str) -> None:
    for caller in (OTHER, sdk.Caller.myself()) if os.geteuid() == 0 else (sdk.Caller.myself(),):
        with pytest.raises(GarrisonError, match="/proc"):
            asyncio.run(staged.ask("restore", caller, id="aa0000000002", to=to))
