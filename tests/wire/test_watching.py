"""Tests of what the System Watcher and the gate say to each other."""

import json
from dataclasses import asdict

import pytest

from garrison.wire.guarding import fact_from_plain, fact_to_plain
from garrison.wire.watching import Alarm, Deed, Did, Documents, Scarce, Watched


def test_a_plan_arrives_as_it_was_said() -> None:
    plan = Documents("/s", ("/d",), ("/etc/cron.d",), ("/bin/x",), 2.0, 60.0, 5, False, False, {"ab": "end"})
    assert Documents.from_plain(json.loads(json.dumps(plan.to_plain()))) == plan
    assert Documents.from_plain({"store": "/s"}) == Documents("/s")


@pytest.mark.parametrize("nonsense", [{"store": "/s", "colour": 1}, {"store": "/s", "decided": {"ab": "maybe"}}, {}])
def test_what_is_no_plan_is_refused(nonsense: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Documents.from_plain(nonsense)


def test_a_deed_arrives_as_it_was_written() -> None:
    deed = Deed(1.5, Did.RENAMED, "/d/\udcff", "7.70", ("7.70", "5.50"), 5, "/bin/x", 0, "/d/b", "", {"uid": 0}, "1:02")
    assert Deed.from_plain(json.loads(json.dumps(asdict(deed)))) == deed
    with pytest.raises(ValueError, match="danced"):
        Deed.from_plain({**asdict(deed), "did": "danced"})


@pytest.mark.parametrize(
    "fact",
    [
        Alarm("ab", "process:7.70", "/bin/x", "x", 0, 1.0, 2.0, 3.0, {"/d/a": "why"}, {"processes": {"7": 70}}, 7),
        Scarce("/d/a", "It is too large.", 3, 1.5, 1000),
        Watched(("/d/a", "/d/b"), {"/d/b": "no such device"}),
    ],
)
def test_facts_travel_with_those_of_the_gate(fact: Alarm | Scarce | Watched) -> None:
    assert fact_from_plain(json.loads(json.dumps(fact_to_plain(fact)))) == fact
