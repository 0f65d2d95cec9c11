from datetime import UTC, datetime
from typing import Any

import pytest

from garrison.base.errors import Invalid
from garrison.daemon.reports.asking import Asked
from garrison.daemon.reports.query import Group, Query, Sort
from garrison.sdk import Severity
from tests.daemon.parts import ANNA, NOON, ROOT


def asked(**given: Any) -> Asked:
    nothing: dict[str, Any] = {
        "caller": ROOT, "since": None, "begin": "", "end": "", "severity": [], "component": [], "event": [],
        "text": "", "column": [],
    }  # fmt: skip
    return Asked(**{**nothing, **given})


def test_what_is_given_becomes_a_query() -> None:
    full = asked(
        since=NOON, begin="2026-01-31", end="2026-02-01T18:30+01:00", severity=[Severity.CRITICAL], component=["scan"],
        event=["ThreatFound"], text="x", column=["path=/srv=1"],
    )  # fmt: skip
    assert full.query(UTC) == Query(
        severities=("critical",),
        components=("scan",),
        events=("ThreatFound",),
        since=datetime(2026, 1, 31, tzinfo=UTC),
        until=datetime(2026, 2, 1, 17, 30, tzinfo=UTC),
        text="x",
        columns=(("path", "/srv=1"),),
    )


def test_others_see_their_own_only() -> None:
    assert (asked().query(UTC).owner, asked(caller=ANNA).query(UTC).owner) == (None, ANNA.uid)


def test_a_group_says_the_order_unless_another_is_asked_for() -> None:
    assert asked().query(UTC, group=Group.SEVERITY).sort is Sort.SEVERITY
    assert asked().query(UTC, Sort.OLDEST, Group.SEVERITY).sort is Sort.OLDEST
    assert asked().query(UTC, group=Group.DAY).sort is Sort.NEWEST


def test_every_mistake_is_named() -> None:
    with pytest.raises(Invalid, match=r"since: .*until: .*column: "):
        asked(begin="yesterday", end="2026-13-01", column=["path"]).query(UTC)
