from typing import Any

import pytest

from garrison.abilities.levels import Level, completed

DETAILS = {
    Level.HIGH: {"deep": True, "most": 9},
    Level.RECOMMENDED: {"deep": True, "most": 5},
    Level.LOW: {"deep": False, "most": 1},
}
NOW: dict[str, Any] = {"deep": True, "most": 5, "other": 0}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"level": "low"}, {"level": "low", "deep": False, "most": 1}),
        ({"level": "low", "most": "9", "deep": "yes"}, {"level": "high", "most": "9", "deep": "yes"}),
        ({"most": "9"}, {"level": "high", "most": "9"}),
        ({"deep": "off"}, {"level": "custom", "deep": "off"}),
        ({"level": "custom"}, {"level": "custom"}),
        ({"level": "nonsense"}, {"level": "nonsense"}),
        ({"other": 1}, {"other": 1}),
    ],
)
def test_a_level_and_its_details_go_together(changes: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert completed(DETAILS, NOW.__getitem__, changes) == wanted
