"""Looking at the journal."""

from datetime import timedelta
from typing import Annotated, ClassVar

from garrison.daemon.journal import JournalCut, Limits, Query
from garrison.daemon.operations.base import Operations
from garrison.daemon.suite_results import JournalRow, JournalSetAside, Verified
from garrison.sdk import Access, Caller, Event, Severity, about, action

_EVER_DAYS = 36_500


class JournalOperations(Operations):
    """Look at the journal."""

    events: ClassVar[tuple[type[Event], ...]] = (JournalSetAside, JournalCut)
    aliases: ClassVar[dict[str, str]] = {"journal": "journal", "journal verify": "journal-verify"}

    def settings_changed(self) -> None:
        """Keep as much of the journal as they say now."""
        self._parts.journal.keep(Limits(self.settings.journal_days, self.settings.journal_mib))

    @action("Journal", access=Access.VIEW)
    def journal(  # noqa: PLR0913 # each narrows down what is shown
        self,
        caller: Caller,
        component: Annotated[str, about("Of this component only", pattern="^[a-z0-9-]*$")] = "",
        severity: Annotated[Severity | None, about("Of this severity only")] = None,
        text: Annotated[str, about("With this text in its details")] = "",
        days: Annotated[int, about("Of the last so many days; 0: all", ge=0, le=36_500)] = 0,
        before: Annotated[int, about("Older than the row of this number; 0: from the newest", ge=0, le=2**62)] = 0,
        limit: Annotated[int, about("So many at the most", ge=1, le=1000)] = 50,
    ) -> list[JournalRow]:
        """Show what happened, newest first."""
        since = self._parts.clock.now() - timedelta(days=min(days, _EVER_DAYS)) if days else None
        owner = None if caller.is_owner else caller.uid
        query = Query(owner, component, severity.value if severity else "", text, since, before, limit)
        return [JournalRow.of(row) for row in self._parts.journal.rows(query)]

    @action("Verify the journal", access=Access.VIEW)
    async def journal_verify(self) -> Verified:
        """Check that no row of the journal was changed or removed."""
        broken = await self._parts.journal.first_broken()
        return Verified(intact=broken is None, first_broken=broken, cut=self._parts.journal.cut_rows())
