"""Tests of what the levels of scans mean. That each detail counts is tested where it is put to use."""

from typing import Any

import pytest

from garrison.abilities.levels import Level
from garrison.abilities.scanner import Way
from garrison.components.scan.settings import DETAILS, Kind, ScanSettings, completed, gives_way, way_of
from garrison.engine.budget import MIB, Limits
from garrison.engine.heuristics.levels import Level as Heuristics
from garrison.sdk.plain import validate
from garrison.sdk.values import values_of

LEVELS = [Kind.QUICK, Kind.FULL, Kind.REMOVABLE, Kind.BACKGROUND]


def _changed(settings: ScanSettings, **values: Any) -> ScanSettings:
    return validate(ScanSettings, {**settings.model_dump(), **completed(settings, values)}, values_of(ScanSettings))


def test_the_defaults_are_the_recommended_level_and_examine_as_the_scanner_does_by_itself() -> None:
    settings = ScanSettings()
    assert {name: getattr(settings, name) for name in DETAILS[settings.level]} == DETAILS[Level.RECOMMENDED]
    assert {way_of(settings, kind) for kind in Kind} == {Way()}


@pytest.mark.parametrize("level", DETAILS)
def test_a_level_sets_its_details(level: Level) -> None:
    changed = _changed(ScanSettings(), level=level.value)
    assert {name: getattr(changed, name) for name in DETAILS[level]} == DETAILS[level]


@pytest.mark.parametrize(
    ("name", "value", "way"),
    [
        ("archives", False, Way(Limits(archives=0))),
        ("heuristics", Heuristics.DEEP, Way(heuristics=Heuristics.DEEP)),
        ("seconds_per_object", 7, Way(seconds=7.0)),
        ("object_mib", 7, Way(Limits(object_bytes=7 * MIB))),
        ("file_mib", 7, Way(Limits(total_bytes=7 * MIB))),
        ("members", 7, Way(Limits(members=7))),
        ("depth", 7, Way(Limits(depth=7))),
        ("ratio", 77, Way(Limits(ratio=77))),
    ],
)
def test_each_detail_counts_and_makes_the_level_custom(name: str, value: object, way: Way) -> None:
    changed = _changed(ScanSettings(), **{name: value})
    assert changed.level is Level.CUSTOM
    assert way_of(changed, Kind.USUAL) == way


@pytest.mark.parametrize("kind", LEVELS)
def test_a_kind_of_scan_may_have_a_level_of_its_own(kind: Kind) -> None:
    changed = _changed(ScanSettings(), **{f"{kind.value}_level": "low"})
    assert changed.level is Level.RECOMMENDED
    low = way_of(_changed(ScanSettings(), level="low"), Kind.USUAL)
    assert low == Way(Limits(32 * MIB, 64 * MIB, 1000, 8, 100, archives=0), 10.0, Heuristics.LIGHT)
    assert {each: way_of(changed, each) for each in Kind} == {each: low if each is kind else Way() for each in Kind}


@pytest.mark.parametrize("kind", [Kind.QUICK, Kind.FULL, Kind.BACKGROUND])
def test_a_kind_of_scan_may_give_way(kind: Kind) -> None:
    for wanted in (True, False):
        settings = _changed(ScanSettings(), **{f"{kind.value}_low_priority": wanted})
        assert gives_way(settings, kind) is wanted
    assert not gives_way(ScanSettings(), Kind.USUAL)
