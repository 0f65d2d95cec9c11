"""How things stand, and mending what is wrong."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from garrison.base.errors import NotFound
from garrison.base.text import plural
from garrison.daemon.door import Call
from garrison.daemon.operations.base import Operations
from garrison.daemon.status import Status, status_of
from garrison.daemon.suite_results import Said
from garrison.sdk import Access, Caller, Issue, Severity, Text, about, action


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
        text = Text("{count} in the inbox (garrison inbox)", count=plural(count, "question waits", "questions wait"))
        return [Issue(id="questions", severity=Severity.INFO, text=text)] if count else []

    @action("Fix an issue")
    async def fix(self, issue: Annotated[str, about("The issue's id, as status shows it")], caller: Caller) -> Said:
        """Mend an issue that status shows."""
        found = next((row for row in self.status(caller).issues if row.id == issue), None)
        if found is None:
            raise NotFound(f"There is no issue “{issue}” now.", "garrison status shows what is wrong.")
        if not found.fix:
            raise NotFound(f"“{found.text}” cannot be mended by Garrison itself.")
        arguments = {"component": found.component} if found.fix == "suite.start" else {}
        answer = await self._parts.door.call(Call(found.fix, arguments, caller))
        return Said(text=" ".join(str(text) for text in answer.says) or "Done.")
