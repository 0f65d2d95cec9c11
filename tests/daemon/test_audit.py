import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from garrison.base.clock import FakeClock
from garrison.daemon import audit as module
from garrison.daemon.audit import Audit, RequestsLeftOut
from garrison.daemon.door import OperationCalled
from garrison.sdk import Caller, Event
from tests.daemon.parts import ANNA, BERND, ROOT, clock

Note = Callable[[Caller, str, int], None]


class Stage:
    def __init__(self) -> None:
        self.clock: FakeClock = clock()
        self.written: list[tuple[int, Event]] = []
        self.audit = Audit(lambda event, caller: self.written.append((caller.uid, event)), self.clock)

    def note(self, caller: Caller, outcome: str, times: int) -> None:
        for _ in range(times):
            self.audit.note(OperationCalled(operation="scan.files", uid=caller.uid, outcome=outcome), caller)

    def rows(self, caller: Caller) -> int:
        return sum(uid == caller.uid for uid, _ in self.written)

    @property
    def summaries(self) -> list[str]:
        return [
            event.says.format(**event.model_dump()) for _, event in self.written if isinstance(event, RequestsLeftOut)
        ]


def test_of_many_requests_in_vain_few_are_written_and_the_rest_is_counted() -> None:
    async def script() -> None:
        stage = Stage()
        stage.note(ANNA, "refused", 800)
        stage.note(ANNA, "invalid", 30)
        stage.note(ANNA, "done", 5)
        stage.note(BERND, "refused", 1)
        assert (stage.rows(ANNA), stage.rows(BERND)) == (25, 1)
        stage.clock.advance(timedelta(seconds=61))
        stage.note(ANNA, "refused", 1)
        assert stage.summaries == ["Account 1001 asked 810 times more within a minute (invalid: 30, refused: 780)"]
        assert stage.rows(ANNA) == 27

    asyncio.run(script())


def test_all_that_the_owner_does_is_written_down() -> None:
    async def script() -> None:
        stage = Stage()
        stage.note(ROOT, "done", 500)
        stage.note(ANNA, "done", 500)
        assert (stage.rows(ROOT), stage.rows(ANNA)) == (500, 300)
        stage.note(ROOT, "failed", 500)
        assert stage.rows(ROOT) == 520
        stage.audit.settle_all()
        stage.audit.settle_all()
        assert len(stage.summaries) == 2

    asyncio.run(script())


def test_the_count_is_written_also_when_nobody_asks_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MINUTE_SECONDS", 0.02)

    async def script() -> None:
        stage = Stage()
        stage.note(ANNA, "refused", 23)
        await asyncio.sleep(0.1)
        assert stage.summaries == ["Account 1001 asked 3 times more within a minute (refused: 3)"]

    asyncio.run(script())
