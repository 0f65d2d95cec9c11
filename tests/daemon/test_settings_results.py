from garrison.daemon.settings_files import Origin
from garrison.daemon.settings_results import _ORIGINS, Difference, Differences


def test_every_origin_is_told() -> None:
    assert set(_ORIGINS) == set(Origin)
    row = Difference(setting="a.b", title="B", old="1", new="2")
    told = Differences(done=False, what="x", differences=[row] * 300, origin=Origin.ELSEWHERE)
    lines = [str(line) for line in told.sentences()]
    assert lines[:2] == [
        "The file was made by another computer and not changed since.",
        "This would change 300 settings:",
    ]
    assert len(lines) == 202
