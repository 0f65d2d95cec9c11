"""Tests of what is kept for a listener."""

import asyncio
from collections.abc import Mapping
from typing import Any

from garrison.abilities.guard.hearing import MOST_WAITING, Hearing


def _word(plain: Mapping[str, Any]) -> str | None:
    return None if plain["word"] == "other" else str(plain["word"])


def test_facts_come_in_order_and_others_are_passed_over() -> None:
    hearing = Hearing(_word)
    for word in ("one", "other", "two"):
        hearing.take({"word": word})

    async def listen() -> list[str]:
        return [await anext(hearing), await anext(hearing)]

    assert asyncio.run(listen()) == ["one", "two"]


def test_who_listens_waits_for_what_comes_later() -> None:
    async def listen() -> str:
        hearing = Hearing(_word)
        asyncio.get_running_loop().call_later(0.01, hearing.take, {"word": "late"})
        return await anext(hearing)

    assert asyncio.run(listen()) == "late"


def test_what_comes_too_fast_is_counted() -> None:
    hearing = Hearing(_word)
    for number in range(MOST_WAITING + 3):
        hearing.take({"word": number})
    assert hearing.missed() == 3
    assert hearing.missed() == 0
