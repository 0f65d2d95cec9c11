"""Tests of what file protection tells."""

from garrison.components.file_protection.events import EVENTS, FileBlocked
from garrison.sdk.values import render


def test_who_was_kept_from_what_and_where_is_one_sentence() -> None:
    event = FileBlocked(
        program="/usr/bin/cat", uid=1000, doing="opening", path="/a", threat="X.Y", result="quarantined"
    )
    assert render(event.says, event.model_dump()) == (
        "/usr/bin/cat (account 1000) was kept from opening /a: X.Y is in it; quarantined"
    )
    assert len({event.__name__ for event in EVENTS}) == len(EVENTS)
