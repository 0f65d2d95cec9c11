"""The suite's own operations: status, settings, journal, jobs, schedule, inbox, consents, start and stop."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, ClassVar

from garrison.base.errors import NotFound, Unavailable
from garrison.base.text import plural
from garrison.daemon import sign_in as at_sign_in
from garrison.daemon.accounts import account_named
from garrison.daemon.audit import RequestsLeftOut
from garrison.daemon.consents import Consents
from garrison.daemon.door import Call, OperationCalled
from garrison.daemon.jobs import JobRow
from garrison.daemon.journal import JournalCut, Limits, Query
from garrison.daemon.parts import Parts
from garrison.daemon.scheduler import Scheduler, ScheduleRow
from garrison.daemon.settings_desk import SettingsDesk
from garrison.daemon.status import Status, status_of
from garrison.daemon.suite_results import (
    CardRow,
    ConsentRow,
    FirstScan,
    JournalRow,
    JournalSetAside,
    Said,
    SettingChanged,
    SettingRow,
    TaskFailed,
    Verified,
)
from garrison.daemon.supervisor import ComponentFailed, ComponentRecovered
from garrison.sdk import (
    Access,
    Caller,
    Component,
    Event,
    Host,
    Issue,
    Job,
    Schedule,
    Settings,
    Severity,
    Text,
    about,
    action,
    field,
    task,
)
from garrison.sdk.plain import to_plain
from garrison.wire.manifest import SUITE

_EVER_DAYS = 36_500


class SuiteSettings(Settings):
    """What a person can set of the suite as a whole."""

    journal_days: int = field(365, title="Keep the journal for so many days", ge=1, le=36_500)
    journal_mib: int = field(256, title="Keep no more of the journal than this (MiB)", ge=1, le=1024 * 1024)


class Suite(Component[SuiteSettings]):
    """Shows and steers the suite as a whole."""

    id: ClassVar[str] = SUITE
    title: ClassVar[str] = "Garrison"
    events: ClassVar[tuple[type[Event], ...]] = (
        SettingChanged,
        JournalSetAside,
        OperationCalled,
        ComponentFailed,
        ComponentRecovered,
        TaskFailed,
        JournalCut,
        RequestsLeftOut,
    )
    aliases: ClassVar[dict[str, str]] = {
        "status": "status",
        "fix": "fix",
        "settings": "settings-list",
        "settings list": "settings-list",
        "settings get": "settings-get",
        "settings set": "settings-set",
        "settings reset": "settings-reset",
        "journal": "journal",
        "journal verify": "journal-verify",
        "jobs": "jobs",
        "jobs cancel": "job-cancel",
        "schedule": "schedule",
        "schedule set": "schedule-set",
        "inbox": "inbox",
        "inbox answer": "inbox-answer",
        "consents": "consents",
        "consents give": "consent-give",
        "consents withdraw": "consent-withdraw",
        "sign-in": "sign-in",
        "sign-in on": "sign-in-on",
        "sign-in off": "sign-in-off",
    }

    def __init__(
        self, host: Host, settings: SuiteSettings, parts: Parts, scheduler: Scheduler, consents: Consents
    ) -> None:
        super().__init__(host, settings)
        self._desk = SettingsDesk(host, parts)
        self._parts = parts
        self._scheduler = scheduler
        self._consents = consents

    @action("Status", access=Access.VIEW)
    def status(self, caller: Caller) -> Status:
        """Say in one sentence how things stand, and what to do."""
        issues = [*self.issues(), *self._questions(caller)]
        return status_of(self._parts.components, self._parts.supervisor, issues, caller)

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

    # -- settings --

    @action("Settings", access=Access.VIEW)
    def settings_list(
        self, caller: Caller, component: Annotated[str, about("Of this component only")] = ""
    ) -> list[SettingRow]:
        """List the settings with their values, defaults and meaning."""
        return self._desk.rows(caller, component)

    @action("Show a setting", access=Access.VIEW)
    def settings_get(self, caller: Caller, name: Annotated[str, about("COMPONENT.SETTING")]) -> SettingRow:
        """Show one setting."""
        return self._desk.row(caller, name)

    @action("Change a setting", access=Access.CONFIGURE)
    async def settings_set(
        self,
        name: Annotated[str, about("COMPONENT.SETTING")],
        values: Annotated[list[str], about("The value; several for a list, none for an empty list")],
        caller: Caller,
    ) -> Said:
        """Change one setting."""
        return Said(text=f"{name} is now {await self._desk.set(caller, name, values)}.")

    @action("Restore default settings", access=Access.WEAKEN)
    async def settings_reset(self, component: str, caller: Caller) -> Said:
        """Give a component its default settings again."""
        await self._desk.reset(caller, component)
        return Said(text=f"{component} has its default settings again.")

    def settings_changed(self) -> None:
        """Keep as much of the journal as they say now."""
        self._parts.journal.keep(Limits(self.settings.journal_days, self.settings.journal_mib))

    # -- journal --

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

    # -- jobs and schedule --

    @action("Jobs", access=Access.VIEW)
    def jobs(self, caller: Caller) -> list[JobRow]:
        """List the tasks under way and those that ended lately."""
        return self._parts.jobs.rows(caller)

    @action("Cancel a job")
    def job_cancel(self, job: Annotated[int, about("Its number, as jobs shows it")], caller: Caller) -> Said:
        """Cancel a task under way."""
        found = self._parts.jobs.find(caller, job)
        found.cancel()
        return Said(text=f"Job {job}, {found.title}, is being cancelled.")

    @action("Schedule", access=Access.VIEW)
    def schedule(self) -> list[ScheduleRow]:
        """Show which tasks run by themselves, and when."""
        return self._scheduler.rows()

    @action("Schedule a task", access=Access.CONFIGURE)
    async def schedule_set(
        self,
        operation: Annotated[str, about("The task, as schedule shows it: scan.quick")],
        when: Annotated[str, about("manual; start; every 1 day at 12:30, if missed; when idle, not on battery ...")],
        caller: Caller,
        argument: Annotated[list[str], about("NAME=VALUE for the task: paths=/srv")] = [],  # never changed
        account: Annotated[str, about("Run it with this account's rights")] = "",
    ) -> Said:
        """Say when a task is to run by itself."""
        schedule = Schedule.parse(when)
        await self._scheduler.check(schedule)
        arguments = self._parts.door.arguments(operation, argument)
        self._scheduler.set(operation, schedule, arguments, account_named(account) if account else caller)
        return Said(text=f"{operation}: {schedule}.")

    # -- inbox and consents --

    @action("Inbox", access=Access.VIEW)
    def inbox(
        self, caller: Caller, with_answered: Annotated[bool, about("Show the answered ones too")] = False
    ) -> list[CardRow]:
        """Show the questions that wait for an answer."""
        return [CardRow.of(card) for card in self._parts.inbox.cards(caller, with_answered)]

    @action("Answer a question")
    def inbox_answer(
        self,
        question: Annotated[int, about("Its number, as inbox shows it", ge=1, le=2**62)],
        choice: Annotated[str, about("One of its choices")],
        caller: Caller,
    ) -> Said:
        """Answer a question in the inbox."""
        self._parts.inbox.answer(caller, question, choice)
        return Said(text=f"Question {question}: {choice}.")

    @action("Consents", access=Access.VIEW)
    def consents(self, caller: Caller) -> list[ConsentRow]:
        """Show what you agreed to, and what you did not."""
        return [ConsentRow(**to_plain(consent)) for consent in self._consents.all(caller)]

    @action("Give consent")
    def consent_give(self, purpose: Annotated[str, about("As consents shows it")], caller: Caller) -> Said:
        """Agree to a purpose, in the words that consents shows."""
        consent = self._consents.record(caller, purpose, given=True)
        return Said(text=f"You agreed to: {consent.title}.")

    @action("Withdraw consent")
    def consent_withdraw(self, purpose: Annotated[str, about("As consents shows it")], caller: Caller) -> Said:
        """Take back what you agreed to."""
        consent = self._consents.record(caller, purpose, given=False)
        return Said(text=f"You no longer agree to: {consent.title}.")

    # -- start and stop --

    @action("Switch a component on", access=Access.CONFIGURE)
    async def start(self, component: str, caller: Caller) -> Said:
        """Switch a component on."""
        await self._desk.change(caller, component, {"enabled": True})
        return Said(text=f"{self._parts.components[component].title} is on.")

    @action("Switch a component off", access=Access.WEAKEN)
    async def stop(self, component: str, caller: Caller) -> Said:
        """Switch a component off."""
        await self._desk.change(caller, component, {"enabled": False})
        return Said(text=f"{self._parts.components[component].title} is off.")

    @action("Restart a component", access=Access.CONFIGURE)
    async def restart(self, component: str) -> Said:
        """Stop a component and start it again."""
        if not self._desk.switchable(component).settings.enabled:
            raise Unavailable(f"{self._parts.components[component].title} is switched off.", fix="suite.start")
        await self._parts.supervisor.stop(component)
        self._parts.supervisor.start(component)
        return Said(text=f"{self._parts.components[component].title} was restarted.")

    @action("Stay in the background", access=Access.CONFIGURE)
    def stay(self) -> Said:
        """Make a short-lived suite a lasting one."""
        self._parts.become_lasting()
        return Said(text="Garrison runs in the background.")

    @action("Stop the suite", access=Access.WEAKEN)
    def shutdown(self) -> Said:
        """End the suite and everything it started."""
        self._parts.shut_down()
        return Said(text="Garrison has stopped.")

    @action("Start at sign-in?", access=Access.VIEW)
    def sign_in(self) -> Said:
        """Say whether Garrison starts by itself when you sign in."""
        return Said(text="Garrison starts at sign-in." if at_sign_in.is_on() else "Garrison does not start at sign-in.")

    @action("Start at sign-in", access=Access.CONFIGURE)
    def sign_in_on(self) -> Said:
        """Let Garrison start by itself when you sign in."""
        at_sign_in.switch(on=True)
        return self.sign_in()

    @action("Do not start at sign-in", access=Access.CONFIGURE)
    def sign_in_off(self) -> Said:
        """Do not let Garrison start by itself when you sign in."""
        at_sign_in.switch(on=False)
        return self.sign_in()

    @task("First scan")
    async def first_scan(
        self,
        job: Job,
        paths: Annotated[list[Path], about("Scan these instead of what matters most")] = [],  # never changed
        again: Annotated[bool, about("Also when a scan was made before")] = False,
    ) -> FirstScan:
        """Scan what matters most, once, and let the rest of the home folder go on in the background."""
        door = self._parts.door
        if not paths and not again and (await door.call(Call("scan.results", {}, job.caller))).result:
            return FirstScan(made=False, summary=None, exit=0)
        arguments = {"paths": [str(path) for path in paths], "action": "automatic"} if paths else {}
        call = Call("scan.files" if paths else "scan.quick", arguments, job.caller)
        call.on_progress = lambda now: job.progress(now.done, now.total, now.text)
        answer = await door.call(call)
        if not paths:
            await door.call(Call("scan.home", {}, job.caller, background=True))
        return FirstScan(made=True, summary=answer.result, exit=answer.exit_code, lines=tuple(map(str, answer.says)))
