"""How things stand, and mending what is wrong."""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator

from garrison.base.errors import Invalid
from garrison.daemon.mending import Mended, Mender
from garrison.daemon.operations.base import Operations
from garrison.daemon.status import Status, status_of
from garrison.sdk import Access, Caller, Issue, Severity, Text, about, action


def _as_list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


class StatusOperations(Operations):
    """Say how things stand, and mend what is wrong."""

    aliases: ClassVar[dict[str, str]] = {"status": "status", "fix": "fix"}

    @action("Status", access=Access.VIEW)
    def status(self, caller: Caller) -> Status:
        """Say in one sentence how things stand, and what to do."""
        issues = [*self.issues(), *self._questions(caller)]
        return status_of(self._parts.components, self._parts.supervisor, issues, caller, self.settings.ignored_issues)

    def issues(self) -> Iterable[Issue]:
        """Return what is wrong with the suite itself."""
        parts = self._parts
        if not parts.is_lasting:
            text = Text("Garrison is not running in the background (start it with: garrison start)")
            yield Issue(id="not-running", severity=Severity.IMPORTANT, text=text)
        if parts.book.damaged:
            text = Text("The settings file was damaged; what could be read is in use ({what})", what=parts.book.damaged)
            yield Issue(id="settings-damaged", severity=Severity.IMPORTANT, text=text)
        if parts.store.set_aside:
            text = Text(
                "The journal was damaged and a new one was begun (the old one: {path})", path=parts.store.set_aside
            )
            yield Issue(id="journal-damaged", severity=Severity.IMPORTANT, text=text)
        if parts.reporter.trouble:
            text = Text("Events cannot be written down: {why}", why=parts.reporter.trouble)
            yield Issue(id="journal-unwritable", severity=Severity.CRITICAL, text=text)
        if self._scheduler.damaged:
            text = Text("The schedule was damaged; defaults are in use ({what})", what=self._scheduler.damaged)
            yield Issue(id="schedule-damaged", severity=Severity.IMPORTANT, text=text)

    def _questions(self, caller: Caller) -> list[Issue]:
        count = len(self._parts.inbox.cards(caller))
        text = Text(
            "{count} question waits in the inbox (garrison inbox)",
            many="{count} questions wait in the inbox (garrison inbox)",
            count=count,
        )
        return [Issue(id="questions", severity=Severity.INFO, text=text)] if count else []

    @action("Fix an issue")
    async def fix(
        self,
        issue: Annotated[list[str], BeforeValidator(_as_list), about("Its id, as status shows it (several)")],
        caller: Caller,
        all: Annotated[bool, about("Mend all that can be mended")] = False,  # noqa: A002 # the name that people know
        preview: Annotated[bool, about("Only say what would be done")] = False,
    ) -> Mended:
        """Mend an issue that status shows, or all of them."""
        if bool(issue) == all:
            raise Invalid("Name an issue, or say --all.", "garrison status shows what is wrong.")
        mender = Mender(caller, lambda: self.status(caller).issues, self._parts.door.call)
        return await (mender.all(not preview) if all else mender.named(issue, not preview))
