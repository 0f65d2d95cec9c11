import asyncio
import logging

import pytest

from garrison.base.errors import Failed, GarrisonError, Unexpected
from garrison.daemon.isolation import outcome, outcome_of

EMPTY: dict[str, int] = {}


async def gives(value: object) -> object:
    await asyncio.sleep(0)
    if isinstance(value, BaseException):
        raise value
    return value


def test_what_it_gives() -> None:
    assert asyncio.run(outcome_of(gives(3), "count")) == 3
    assert outcome(lambda: 3, "count") == 3


def test_an_error_of_ours_is_handed_on(caplog: pytest.LogCaptureFixture) -> None:
    error = Failed("No.")
    assert asyncio.run(outcome_of(gives(error), "try")) is error
    nested = ExceptionGroup("two", [ExceptionGroup("one", [error]), KeyError("x")])
    assert asyncio.run(outcome_of(gives(nested), "try")) is error
    assert not caplog.records


def test_a_defect_is_logged_whole_and_becomes_an_unexpected(caplog: pytest.LogCaptureFixture) -> None:
    for error in (asyncio.run(outcome_of(gives(KeyError("\udcff")), "try it")), outcome(lambda: EMPTY["x"], "try it")):
        assert isinstance(error, Unexpected)
        assert "KeyError" in error.text
    assert [record.message for record in caplog.records] == ["try it", "try it"]
    assert all(record.exc_info for record in caplog.records)


def test_a_known_defect_is_not_logged_again(caplog: pytest.LogCaptureFixture) -> None:
    first = asyncio.run(outcome_of(gives(KeyError("x")), "try"))
    assert isinstance(first, GarrisonError)
    caplog.clear()
    asyncio.run(outcome_of(gives(KeyError("x")), "try", known=first.text))
    assert not caplog.records
    asyncio.run(outcome_of(gives(KeyError("y")), "try", known=first.text))
    assert len(caplog.records) == 1


def test_being_cancelled_is_no_defect() -> None:
    async def run() -> bool:
        task = asyncio.get_running_loop().create_task(outcome_of(asyncio.sleep(10), "sleep"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(run())


def test_a_cancellation_that_nobody_asked_for_is_one() -> None:
    logging.disable(logging.CRITICAL)
    try:
        assert isinstance(asyncio.run(outcome_of(gives(asyncio.CancelledError()), "try")), Unexpected)
    finally:
        logging.disable(logging.NOTSET)
