"""What is done for the journal in the background: its limits, and the index of its texts."""

import asyncio
import logging

from garrison.base.errors import GarrisonError
from garrison.daemon.isolation import outcome
from garrison.daemon.journal import Journal
from garrison.daemon.reports.text_index import TextIndex

log = logging.getLogger(__name__)
_PAUSE_SECONDS = 0.02  # between two slices of a cut: others have their turn
_EVERY_SECONDS = 60.0
_SLICES = 8  # after which what was written is moved into the file itself


async def keep_up(journal: Journal, every_seconds: float = _EVERY_SECONDS) -> None:
    """Cut what is beyond the limits, and index what is new, until cancelled."""
    index = TextIndex(journal.store.path)
    journal.store.leave_log_to_others()
    while True:
        await cut(journal)
        while await asyncio.to_thread(index.keep_up):  # noqa: ASYNC110 # it is work that is done, a block at a time
            await asyncio.sleep(_PAUSE_SECONDS)
        await asyncio.to_thread(journal.store.empty_log)
        await asyncio.sleep(every_seconds)


async def cut(journal: Journal) -> None:
    """Cut what is beyond the limits, a few rows at a time."""
    slices, is_more = 0, True
    while is_more:
        done = outcome(journal.retention.some, "cut the journal")
        if isinstance(done, GarrisonError):
            log.error("%s", done.text)
            return
        slices, is_more = slices + 1, done
        if slices % _SLICES == 0:
            await asyncio.to_thread(journal.store.empty_log)
        await asyncio.sleep(_PAUSE_SECONDS)
