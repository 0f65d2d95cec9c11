"""Tests of starting and ending the keeper."""

import asyncio
import sys
from pathlib import Path

import pytest

from garrison.abilities.guard.keeping import Keeper
from garrison.base.clock import SystemClock
from garrison.base.errors import Unavailable
from tests.abilities.guard.guards import PROGRAM


def _keeper(root: Path, program: tuple[str, ...] = PROGRAM) -> Keeper:
    (root / "guard").mkdir(exist_ok=True)
    return Keeper(root / "guard", [*program, str(root / "guard")], ("python", "-m", "garrison.daemon"), SystemClock())


def test_it_is_started_once_and_then_found(tmp_path: Path) -> None:
    async def look() -> None:
        first, second = _keeper(tmp_path), _keeper(tmp_path)
        first.leave(await first.reach())
        link = await second.reach()
        assert second.began is None
        await second.arm()
        second.leave(link)
        await second.end()
        await first.end()  # it waits for its child

    asyncio.run(look())
    said = (tmp_path / "guard" / "heard").read_text("ascii")
    hello = '{"order":"hello","command":["python","-m","garrison.daemon"]}\n'
    assert said == f'{hello}{hello}{{"order":"arm"}}\n{{"order":"end"}}\n'
    assert not (tmp_path / "guard" / "keeper.sock").exists()


def test_its_last_words_say_why_it_ended(tmp_path: Path) -> None:
    async def look(code: str) -> None:
        with pytest.raises(Unavailable) as caught:
            await _keeper(tmp_path, (sys.executable, "-c", code)).reach()
        words.append(caught.value.text)

    words: list[str] = []
    asyncio.run(look("import sys; sys.exit('Sorry\\x1b, no.\\n')"))
    asyncio.run(look("pass"))
    assert words == ["Sorry\\x1b, no.", "It ended at once."]


def test_one_that_keeps_ending_is_tried_less_and_less(tmp_path: Path) -> None:
    keeper = _keeper(tmp_path, ("/bin/false",))

    async def look() -> list[float]:
        pauses = []
        for _ in range(3):
            with pytest.raises(Unavailable):
                await keeper.reach()
            pauses.append(keeper.pause_seconds)
        return pauses

    assert asyncio.run(look()) == [0.1, 0.2, 0.4]


def test_ending_what_does_not_run_does_nothing(tmp_path: Path) -> None:
    asyncio.run(_keeper(tmp_path).end())
