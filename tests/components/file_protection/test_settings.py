"""Tests of what the levels of file protection mean."""

from typing import Any

import pytest

from garrison.abilities.levels import Level
from garrison.components.file_protection.settings import DETAILS, FileProtectionSettings, completed
from garrison.sdk.plain import validate
from garrison.sdk.values import values_of


def _changed(settings: FileProtectionSettings, **values: Any) -> FileProtectionSettings:
    both = {**settings.model_dump(), **completed(settings, values)}
    return validate(FileProtectionSettings, both, values_of(FileProtectionSettings))


@pytest.mark.parametrize("level", DETAILS)
def test_a_level_sets_its_details(level: Level) -> None:
    changed = _changed(FileProtectionSettings(), level=level.value)
    assert changed.level is level
    assert {name: getattr(changed, name) for name in DETAILS[level]} == DETAILS[level]


def test_the_defaults_are_the_recommended_level() -> None:
    settings = FileProtectionSettings()
    assert {name: getattr(settings, name) for name in DETAILS[settings.level]} == DETAILS[Level.RECOMMENDED]


@pytest.mark.parametrize("detail", [{"archives": "on"}, {"on_open": "off"}, {"skip_over_mib": "63"}, {"types": "all"}])
def test_a_changed_detail_makes_it_custom_and_back_again(detail: dict[str, str]) -> None:
    changed = _changed(FileProtectionSettings(), **detail)
    assert changed.level is Level.CUSTOM
    (name,) = detail
    back = _changed(changed, **{name: str(getattr(FileProtectionSettings(), name))})
    assert back.level is Level.RECOMMENDED


def test_other_settings_and_nonsense_leave_the_level_alone() -> None:
    assert completed(FileProtectionSettings(), {"action": "block"}) == {"action": "block"}
    assert completed(FileProtectionSettings(), {"level": "extreme"}) == {"level": "extreme"}
    assert _changed(FileProtectionSettings(), level="custom").level is Level.CUSTOM
