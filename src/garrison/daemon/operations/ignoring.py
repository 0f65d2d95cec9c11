"""Issues that are to be told of no more, and then again."""

from typing import Annotated, ClassVar

from garrison.base.errors import NotFound
from garrison.daemon.ignored import entry_of, without
from garrison.daemon.operations.status import StatusOperations
from garrison.sdk import Access, Caller, Said, Severity, about, action
from garrison.wire.manifest import SUITE


class IgnoringOperations(StatusOperations):
    """Say which issues are to be told of."""

    aliases: ClassVar[dict[str, str]] = {"issues ignore": "issue-ignore", "issues show": "issue-show"}

    @action("Ignore an issue")
    async def issue_ignore(
        self, issue: Annotated[str, about("The issue's id, as status shows it", max_length=200)], caller: Caller
    ) -> Said:
        """Be told of an issue no more, unless it becomes worse."""
        found = next((row for row in self.status(caller).issues if row.id == issue), None)
        if found is None:
            raise NotFound("There is no issue “{issue}” now.", "garrison status shows what is wrong.", issue=issue)
        needed = Access.WEAKEN if found.severity is Severity.CRITICAL else Access.CONFIGURE
        self._parts.door.rights.check_access(caller, needed, "Ignore an issue")
        entries = [*without(self.settings.ignored_issues, issue), entry_of(found)]
        await self._desk.change(caller, SUITE, {"ignored_issues": entries})
        return Said.of("You are told of it no more, unless it becomes worse.")

    @action("Show an ignored issue again", access=Access.CONFIGURE)
    async def issue_show(self, issue: Annotated[str, about("The issue's id", max_length=200)], caller: Caller) -> Said:
        """Be told of an issue again that was ignored."""
        kept = without(self.settings.ignored_issues, issue)
        if len(kept) == len(self.settings.ignored_issues):
            raise NotFound("“{issue}” is not ignored.", "garrison status shows what is wrong.", issue=issue)
        await self._desk.change(caller, SUITE, {"ignored_issues": kept})
        return Said.of("You are told of it again.")
