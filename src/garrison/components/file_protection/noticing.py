"""Without the right to block: chosen folders are watched by notices, and what was written is examined afterwards."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping

from garrison.base.errors import GarrisonError
from garrison.linux.inotify import Inotify, Kind

_SETTLE_SECONDS = 0.05  # several writes of one file in a row are one


class Noticer:
    """Watches folders until cancelled. refused: by folder, why it cannot be watched.

    on_written: gets the paths of files that were written. on_missed: gets what could not be seen, a sentence.
    """

    def __init__(
        self, on_written: Callable[[set[str]], Awaitable[None]], on_missed: Callable[[str], Awaitable[None]]
    ) -> None:
        self._on_written = on_written
        self._on_missed = on_missed
        self.watched: tuple[str, ...] = ()
        self.refused: Mapping[str, str] = {}

    async def run(self, folders: tuple[str, ...]) -> None:
        """Watch these folders, and what is below."""
        with Inotify() as notices:
            refused: dict[str, str] = {}
            for folder in folders:
                try:
                    await asyncio.to_thread(notices.watch, folder)
                except OSError as error:
                    refused[folder] = (error.strerror or str(error)).lower()
            self.refused = refused
            self.watched = tuple(folder for folder in folders if folder not in refused)
            try:
                await self._follow(notices)
            finally:
                self.watched = ()

    async def _follow(self, notices: Inotify) -> None:
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        loop.add_reader(notices.descriptor, came.set)
        try:
            while True:
                await came.wait()
                await asyncio.sleep(_SETTLE_SECONDS)
                came.clear()
                taken = list(notices.take())
                if any(notice.kind is Kind.MISSED for notice in taken):
                    await self._on_missed("More was written than the kernel could tell.")
                written = {notice.path for notice in taken if notice.kind is Kind.WRITTEN}
                with contextlib.suppress(GarrisonError):  # such as no scanner: it is found at the next change, or scan
                    await self._on_written(written)
        finally:
            loop.remove_reader(notices.descriptor)
