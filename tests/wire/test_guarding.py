"""Plans and facts on their way between the suite and the gate."""

from typing import Any

import pytest

from garrison.wire.frames import decode, encode
from garrison.wire.guarding import (
    Actor,
    Arm,
    End,
    Examining,
    Fact,
    Found,
    Gap,
    Hello,
    Late,
    Occasion,
    Order,
    Place,
    Plan,
    Reach,
    Standing,
    Types,
    Unexamined,
    fact_from_plain,
    fact_to_plain,
    order_from_plain,
    order_to_plain,
)

ACTOR = Actor(12, 1000, "/usr/bin/cat")
PLAN = Plan(
    Examining("/databases", {"members": 10}),
    places=(Place(Reach.FOLDER, "/home/a\udcff"),),
    occasions=(Occasion.RUN,),
    types=Types.FORMAT,
    late=Late.DENY,
    masks=("*.iso",),
)


def test_a_plan_arrives_as_it_was_sent() -> None:
    assert Plan.from_plain(decode(encode(PLAN.to_plain()))) == PLAN
    small = Plan(Examining("/databases", {}))
    assert Plan.from_plain(decode(encode({"examining": small.to_plain()["examining"]}))) == small


@pytest.mark.parametrize(
    "change", [{"unheard": 1}, {"examining": {}}, {"examining": 3}, {"late": "soon"}, {"places": [{"path": "/"}]}]
)
def test_what_is_no_plan_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        Plan.from_plain({**PLAN.to_plain(), **change})


@pytest.mark.parametrize(
    "fact",
    [
        Found("/a\udcff", Occasion.OPEN, True, ACTOR, 1, 2, 3, 4, 5, {"objects": 1}),
        Unexamined("/a", Occasion.RUN, False, ACTOR, "late"),
        Gap(1.5, "The gate had to be started again.", ("/home",)),
        Standing({"/": "blocking"}, {"/proc": "cannot be watched"}, {"asked": 4}),
        Standing({"/": "telling"}, {}, {}, fuse="The gate crashed twice."),
    ],
)
def test_a_fact_arrives_as_it_was_sent(fact: Fact) -> None:
    assert fact_from_plain(decode(encode(fact_to_plain(fact)))) == fact


@pytest.mark.parametrize("plain", [{}, {"fact": "rumour"}, {"fact": "gap"}, {"fact": "found", "actor": {}}])
def test_what_is_no_fact_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        fact_from_plain(plain)


@pytest.mark.parametrize("order", [Hello(("python", "-m", "garrison.daemon")), Hello(()), Arm(), End()])
def test_an_order_arrives_as_it_was_given(order: Order) -> None:
    assert order_from_plain(decode(encode(order_to_plain(order)))) == order


@pytest.mark.parametrize("plain", [{}, {"order": "dance"}, {"order": "hello"}, {"order": "end", "when": 1}])
def test_what_is_no_order_is_refused(plain: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        order_from_plain(plain)
