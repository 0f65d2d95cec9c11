"""The one place where any exception of a component is caught, so that its defect stays its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from garrison.base.errors import GarrisonError, Unexpected

T = TypeVar("T")
log = logging.getLogger(__name__)


async def outcome_of(awaitable: Awaitable[T], doing: str, known: str = "") -> T | GarrisonError:
    """Return what an awaitable gives, or the error it raised; one that is no GarrisonError is logged whole.

    known: the text of an error that is not to be logged again.
    """
    try:
        return await awaitable
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _defect(RuntimeError("it was cancelled from within"), doing, known)
    except Exception as error:  # noqa: BLE001 # the outermost loop: a defect must not end the suite
        return _defect(error, doing, known)


def outcome(function: Callable[[], T], doing: str) -> T | GarrisonError:
    """Return what a function gives, or the error it raised, as `outcome_of` does."""
    try:
        return function()
    except Exception as error:  # noqa: BLE001 # likewise
        return _defect(error, doing, "")


def first_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first error in a group that is no group itself."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _defect(error: Exception, doing: str, known: str) -> GarrisonError:
    inner = first_of(error) if isinstance(error, ExceptionGroup) else error
    if isinstance(inner, GarrisonError):
        return inner
    unexpected = Unexpected(
        "Something unexpected happened: {name}: {inner}.",
        "Please report this; the details are in the daemon's log.",
        name=type(inner).__name__,
        inner=inner,
    )
    if unexpected.text != known:
        log.error("%s", doing, exc_info=error)
    return unexpected
