import pytest

from garrison.components.databases.results import Compiled, SetInfo, SetTested


def info(**changes: object) -> SetInfo:
    plain = {
        "folder": "/x",
        "name": "ab",
        "set": "ab",
        "created": "2026-01-01T00:00:00+00:00",
        "age_hours": 47.5,
        "signatures": 5000,
        "source": "a \x1b[31mmirror",
        "transferred_bytes": 7,
        "about": {"garrison": "1"},
        "rules": 2,
        "hashes": {},
        "counts": {"hashes": 5000},
        "bytes": 9,
    }
    return SetInfo.model_validate(plain | changes)


def said(result: SetInfo | SetTested | Compiled) -> list[str]:
    return [str(text) for text in result.sentences()]


def test_a_set_is_told_with_source_and_age() -> None:
    lines = said(info())
    assert lines[0] == "Databases ab, built 2026-01-01T00:00:00+00:00 by Garrison 1"
    assert "\x1b" not in lines[1]
    assert lines[2:] == ["  age: 47 hours", "  hashes: 5,000", "  rules: 2"]


@pytest.mark.parametrize(("hours", "age"), [(-3.0, "0 hours"), (1.9, "1 hour"), (48.0, "2 days"), (24.0 * 9, "9 days")])
def test_an_age_is_told_in_hours_then_in_days(hours: float, age: str) -> None:
    assert f"  age: {age}" in said(info(age_hours=hours))


def test_what_is_unknown_is_left_out() -> None:
    lines = said(info(created="", age_hours=None, source="", transferred_bytes=None))
    assert lines == ["Databases ab, built at an unknown time by Garrison 1", "  hashes: 5,000", "  rules: 2"]


def test_a_damaged_set_is_told_with_its_reason() -> None:
    result = SetTested(folder="/x", passed=False, why="a is damaged")
    assert said(result) == ["The databases cannot be used: a is damaged"]
    assert result.exit_code() == 3


def test_many_reasons_are_not_all_shown() -> None:
    compiled = Compiled(
        folder="/x",
        read=26,
        compiled=1,
        skipped={f"why {number}": 1 for number in range(25)},
        rules=0,
        counts={},
        digest="",
        sources=[],
        left_out=[],
    )
    lines = said(compiled)
    assert len(lines) == 1 + 20 + 1
    assert "5 more reasons" in lines[-1]
