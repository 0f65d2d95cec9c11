"""Looking at the journal."""

from typing import Annotated, ClassVar

from garrison.daemon.journal import JournalSealed, SealBroken
from garrison.daemon.journal_cut import JournalCut, Limits
from garrison.daemon.operations.base import Operations
from garrison.daemon.reports.query import Cursor, Query
from garrison.daemon.reports.results import JournalRow
from garrison.daemon.suite_results import JournalSetAside
from garrison.sdk import Access, Caller, Event, Severity, about, action


class JournalOperations(Operations):
    """Look at the journal."""

    events: ClassVar[tuple[type[Event], ...]] = (JournalSetAside, JournalCut, JournalSealed, SealBroken)
    aliases: ClassVar[dict[str, str]] = {"journal": "journal", "journal verify": "report-verify"}

    def settings_changed(self) -> None:
        """Keep as much of the journal as they say now."""
        self._parts.journal.retention.keep(Limits(self.settings.journal_days, self.settings.journal_mib))

    @action("Journal", access=Access.VIEW)
    async def journal(  # noqa: PLR0913 # each narrows down what is shown
        self,
        caller: Caller,
        component: Annotated[str, about("Of this component only", pattern="^[a-z0-9-]*$")] = "",
        severity: Annotated[Severity | None, about("Of this severity only")] = None,
        text: Annotated[str, about("With this text in its sentence or details")] = "",
        days: Annotated[int, about("Of the last so many days; 0: all", ge=0, le=36_500)] = 0,
        before: Annotated[int, about("Older than the row of this number; 0: from the newest", ge=0, le=2**62)] = 0,
        limit: Annotated[int, about("So many at the most", ge=1, le=1000)] = 50,
    ) -> list[JournalRow]:
        """Show what happened, newest first; report list has more ways to ask."""
        query = Query(
            owner=None if caller.is_owner else caller.uid,
            components=(component,) if component else (),
            severities=(severity.value,) if severity else (),
            text=text,
            since=self._reports.since(days),
            after=str(Cursor(0, before)) if before else "",
            limit=limit,
        )
        return [JournalRow.of(row) for row in (await self._reports.page(query, in_time=False)).rows]
