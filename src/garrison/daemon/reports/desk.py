"""Where reports are asked for: every look at the journal is in a thread, while the daemon goes on."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import TypeVar

from garrison.base.clock import Clock, local_zone
from garrison.daemon.reports.charts import Point, Step, points_of
from garrison.daemon.reports.connecting import reading
from garrison.daemon.reports.kinds import counts_by
from garrison.daemon.reports.query import Group, Page, Query
from garrison.daemon.reports.search import PAGE_SECONDS, Search

R = TypeVar("R")


class ReportsDesk:
    """Answers questions on one journal."""

    def __init__(self, journal: Path, clock: Clock, zone: tzinfo | None = None) -> None:
        self.journal = journal
        self.clock = clock
        self.zone = zone or local_zone()

    def since(self, days: int) -> datetime | None:
        """Return when a period of so many days until now began, at the full hour; None for 0, which is all."""
        if not days:
            return None
        return (self.clock.now() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)

    async def page(self, query: Query, in_time: bool = True) -> Page:
        """Return a page of rows, what can be found of it in time. Raises Invalid, Failed."""
        seconds = PAGE_SECONDS if in_time else None

        def look() -> Page:
            with reading(self.journal) as connection:
                return Search(connection, query, seconds).page()

        return await self.apart(look)

    async def groups(self, query: Query, group: Group) -> dict[str, int]:
        """Return how many rows there are of each group. Raises Failed."""

        def look() -> dict[str, int]:
            with reading(self.journal) as connection:
                return counts_by(connection, query, group, self.zone)

        return await self.apart(look)

    async def points(self, queries: dict[str, Query], step: Step) -> list[Point]:
        """Return what there was of each kind in each step of a period. Raises Invalid, Failed."""
        now = self.clock.now()
        queries = {name: replace(query, until=query.until or now) for name, query in queries.items()}

        def look() -> list[Point]:
            with reading(self.journal) as connection:
                return points_of(connection, queries, step, self.zone)

        return await self.apart(look)

    @staticmethod
    async def apart(work: Callable[[], R]) -> R:
        """Do some work in a thread."""
        return await asyncio.to_thread(work)
