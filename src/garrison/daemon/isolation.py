"""The one place where any exception of a component is caught, so that its defect stays its own."""

import logging
from collections.abc import Awaitable
from typing import TypeVar

from garrison.base.errors import GarrisonError, Unexpected

T = TypeVar("T")
log = logging.getLogger(__name__)


async def outcome_of(awaitable: Awaitable[T], doing: str) -> T | GarrisonError:
    """Return what an awaitable gives, or the error it raised; one that is no GarrisonError is logged whole."""
    try:
        return await awaitable
    except GarrisonError as error:
        return error
    except Exception as error:  # the outermost loop: a defect must not end the suite
        log.exception("%s", doing)
        return Unexpected(
            f"Something unexpected happened: {type(error).__name__}: {error}.",
            "Please report this; the details are in the daemon's log.",
        )
