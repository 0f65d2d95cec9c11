"""The suite's own operations: status, settings, journal, jobs, schedule, inbox, consents, start and stop."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar

from garrison.base.clock import Clock
from garrison.base.errors import Invalid, NotFound
from garrison.daemon import sign_in as at_sign_in
from garrison.daemon.consents import Consents
from garrison.daemon.door import Call, Door, OperationCalled
from garrison.daemon.host import Reporter
from garrison.daemon.inbox import Inbox
from garrison.daemon.jobs import JobRow, Jobs, RunningJob
from garrison.daemon.journal import Journal, Query
from garrison.daemon.scheduler import Scheduler, ScheduleRow
from garrison.daemon.settings_book import SettingsBook
from garrison.daemon.status import Status, status_of
from garrison.daemon.store import Store
from garrison.daemon.supervisor import ComponentFailed, ComponentRecovered, Supervisor
from garrison.sdk import (
    Access,
    AnyComponent,
    Caller,
    Component,
    Event,
    Frozen,
    Host,
    Issue,
    Job,
    Result,
    Schedule,
    Settings,
    Severity,
    Text,
    UntrustedText,
    about,
    action,
    task,
)
from garrison.sdk.plain import to_plain
from garrison.sdk.values import render, values_of
from garrison.wire.manifest import SUITE


class SettingChanged(Event):
    """Somebody changed a setting."""

    says: ClassVar[str] = "{setting} was changed from {old} to {new} by account {uid}"
    setting: str
    old: str
    new: str
    uid: int


class JournalSetAside(Event):
    """A damaged journal was moved away and a new one begun."""

    says: ClassVar[str] = "The journal was damaged; it was kept as {path} and a new one was begun"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    path: UntrustedText


class SettingRow(Frozen):
    """A setting. limits: what it may be, in words."""

    name: str
    value: Any
    default: Any
    title: str
    kind: str


class JournalRow(Frozen):
    """Something that happened, as a sentence."""

    id: int
    at: str
    severity: str
    component: str
    text: UntrustedText
    name: str
    details: dict[str, Any]


class CardRow(Frozen):
    """A question in the inbox."""

    id: int
    question: UntrustedText
    choices: dict[str, str]
    asked: str
    until: str
    answer: str


class ConsentRow(Frozen):
    """A purpose, and whether the caller agreed to it."""

    id: str
    title: str
    given: bool
    outdated: bool
    at: str
    text: str


class Said(Result):
    """A plain sentence."""

    says: ClassVar[str] = "{text}"
    text: UntrustedText


class FirstScan(Result):
    """What came of the first scan. made: False when one was made before. summary: what the scan gave back."""

    made: bool
    summary: dict[str, Any] | None
    exit: int
    lines: tuple[UntrustedText, ...] = ()

    def sentences(self) -> list[Text]:
        """Say what the scan said."""
        return [Text("{line}", line=line) for line in self.lines]

    def exit_code(self) -> int:
        """Return the scan's."""
        return self.exit


class Verified(Result):
    """Whether the journal is as it was written."""

    intact: bool
    first_broken: int | None

    def sentences(self) -> list[Text]:
        """Say it."""
        if self.intact:
            return [Text("The journal is intact: every row follows from the one before.")]
        return [Text("The journal was changed: row {row} does not follow from the one before.", row=self.first_broken)]

    def exit_code(self) -> int:
        """Return 3 when it was changed."""
        return 0 if self.intact else 3


@dataclass(slots=True)
class Parts:
    """What the suite is made of."""

    store: Store
    book: SettingsBook
    journal: Journal
    reporter: Reporter
    jobs: Jobs
    inbox: Inbox
    door: Door
    supervisor: Supervisor
    clock: Clock
    shut_down: Callable[[], None]
    become_lasting: Callable[[], None]
    components: dict[str, AnyComponent] = field(default_factory=dict)
    is_lasting: bool = False


class Suite(Component[Settings]):
    """Shows and steers the suite as a whole."""

    id: ClassVar[str] = SUITE
    title: ClassVar[str] = "Garrison"
    events: ClassVar[tuple[type[Event], ...]] = (
        SettingChanged,
        JournalSetAside,
        OperationCalled,
        ComponentFailed,
        ComponentRecovered,
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

    def __init__(self, host: Host, settings: Settings, parts: Parts, scheduler: Scheduler, consents: Consents) -> None:
        super().__init__(host, settings)
        self._parts = parts
        self._scheduler = scheduler
        self._consents = consents

    @action("Status", access=Access.VIEW)
    def status(self) -> Status:
        """Say in one sentence how things stand, and what to do."""
        return status_of(self._parts.components, self._parts.supervisor, self.issues(), self.id)

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
        open_questions = len(parts.inbox.cards(Caller.myself()))
        if open_questions:
            text = Text("{count} waiting in the inbox (garrison inbox)", count=f"{open_questions} question(s)")
            yield Issue(id="questions", severity=Severity.INFO, text=text)

    @action("Fix an issue")
    async def fix(self, issue: Annotated[str, about("The issue's id, as status shows it")], caller: Caller) -> Said:
        """Mend an issue that status shows."""
        found = next((row for row in self.status().issues if row.id == issue), None)
        if found is None:
            raise NotFound(f"There is no issue “{issue}” now.", "garrison status shows what is wrong.")
        if not found.fix:
            raise NotFound(f"“{found.text}” cannot be mended by Garrison itself.")
        arguments = {"component": found.component} if found.fix == "suite.start" else {}
        answer = await self._parts.door.call(Call(found.fix, arguments, caller))
        return Said(text=" ".join(str(text) for text in answer.says) or "Done.")

    # -- settings --

    @action("Settings", access=Access.VIEW)
    def settings_list(self, component: Annotated[str, about("Of this component only")] = "") -> list[SettingRow]:
        """List the settings with their values, defaults and meaning."""
        names = [component] if component else list(self._parts.components)
        rows = []
        for name in names:
            settings = self._parts.book.of(name)
            for value in values_of(type(settings)):
                current = to_plain(getattr(settings, value.name))
                row = SettingRow(
                    name=f"{name}.{value.name}",
                    value=current,
                    default=value.default,
                    title=value.title,
                    kind=value.kind,
                )
                rows.append(row)
        return rows

    @action("Show a setting", access=Access.VIEW)
    def settings_get(self, name: Annotated[str, about("COMPONENT.SETTING")]) -> SettingRow:
        """Show one setting."""
        component, _, _ = name.partition(".")
        for row in self.settings_list(component):
            if row.name == name:
                return row
        raise NotFound(f"There is no setting “{name}”.", "garrison settings list shows them all.")

    @action("Change a setting", access=Access.CONFIGURE)
    async def settings_set(
        self,
        name: Annotated[str, about("COMPONENT.SETTING")],
        values: Annotated[list[str], about("The value; several for a list, none for an empty list")],
        caller: Caller,
    ) -> Said:
        """Change one setting."""
        row = self.settings_get(name)
        component, _, setting = name.partition(".")
        is_list = isinstance(row.default, list)
        if not is_list and len(values) != 1:
            raise Invalid(f"{name} takes one value.", f"Its value now: {row.value}")
        value: Any = values if is_list else values[0]
        if setting == "enabled":
            self._parts.door.rights.check_access(caller, Access.WEAKEN, self.title)
        await self._change(component, {setting: value}, caller)
        return Said(text=f"{name} is now {_shown(self.settings_get(name).value)}.")

    @action("Restore default settings", access=Access.WEAKEN)
    async def settings_reset(self, component: str, caller: Caller) -> Said:
        """Give a component its default settings again."""
        old, new = self._parts.book.reset(component)
        await self._apply(component, old, new, caller)
        return Said(text=f"{component} has its default settings again.")

    async def _change(self, component: str, values: Mapping[str, Any], caller: Caller) -> None:
        old, new = self._parts.book.change(component, values)
        await self._apply(component, old, new, caller)

    async def _apply(self, name: str, old: Settings, new: Settings, caller: Caller) -> None:
        component = self._parts.components[name]
        component.settings = new
        component.settings_changed()
        for setting in type(new).model_fields:
            before, after = to_plain(getattr(old, setting)), to_plain(getattr(new, setting))
            if before != after:
                event = SettingChanged(
                    setting=f"{name}.{setting}", old=_shown(before), new=_shown(after), uid=caller.uid
                )
                self.host.report(event, caller.uid)
        if old.enabled and not new.enabled:
            await self._parts.supervisor.stop(name)
        if new.enabled and not old.enabled:
            self._parts.supervisor.start(name)

    # -- journal --

    @action("Journal", access=Access.VIEW)
    def journal(
        self,
        caller: Caller,
        component: Annotated[str, about("Of this component only", pattern="^[a-z0-9-]*$")] = "",
        severity: Annotated[Severity | None, about("Of this severity only")] = None,
        text: Annotated[str, about("With this text in its details")] = "",
        days: Annotated[int, about("Of the last so many days; 0: all", ge=0)] = 0,
        limit: Annotated[int, about("So many at the most", ge=1, le=100_000)] = 50,
    ) -> list[JournalRow]:
        """Show what happened, newest first."""
        since = self._parts.clock.now() - timedelta(days=days) if days else None
        owner = None if caller.is_owner else caller.uid
        query = Query(owner, component, severity.value if severity else "", text, since, limit)
        return [
            JournalRow(
                id=row.id,
                at=row.at,
                severity=row.severity,
                component=row.component,
                text=render(row.says, row.details),
                name=row.name,
                details=row.details,
            )
            for row in self._parts.journal.rows(query)
        ]

    @action("Verify the journal", access=Access.VIEW)
    def journal_verify(self) -> Verified:
        """Check that no row of the journal was changed or removed from its middle."""
        broken = self._parts.journal.first_broken()
        return Verified(intact=broken is None, first_broken=broken)

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
    def schedule_set(
        self,
        operation: Annotated[str, about("The task, as schedule shows it: scan.quick")],
        when: Annotated[str, about("manual; start; every 1 day at 12:30, if missed; weekdays at 18:00 ...")],
        caller: Caller,
    ) -> Said:
        """Say when a task is to run by itself."""
        schedule = Schedule.parse(when)
        self._scheduler.set(operation, schedule, {}, caller)
        return Said(text=f"{operation}: {schedule}.")

    # -- inbox and consents --

    @action("Inbox", access=Access.VIEW)
    def inbox(
        self, caller: Caller, with_answered: Annotated[bool, about("Show the answered ones too")] = False
    ) -> list[CardRow]:
        """Show the questions that wait for an answer."""
        return [
            CardRow(
                id=card.id,
                question=render(card.says, card.details),
                choices=card.choices,
                asked=card.asked,
                until=card.until,
                answer=card.answer,
            )
            for card in self._parts.inbox.cards(caller, with_answered)
        ]

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
        await self._change(component, {"enabled": True}, caller)
        return Said(text=f"{self._parts.components[component].title} is on.")

    @action("Switch a component off", access=Access.WEAKEN)
    async def stop(self, component: str, caller: Caller) -> Said:
        """Switch a component off."""
        await self._change(component, {"enabled": False}, caller)
        return Said(text=f"{self._parts.components[component].title} is off.")

    @action("Restart a component", access=Access.CONFIGURE)
    async def restart(self, component: str) -> Said:
        """Stop a component and start it again."""
        self._parts.book.of(component)
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
        paths: Annotated[list[Path], about("Scan these instead of what matters most")] = [],  # noqa: B006 # never changed
        again: Annotated[bool, about("Also when a scan was made before")] = False,
    ) -> FirstScan:
        """Scan what matters most, once, and let the rest of the home folder go on in the background."""
        door = self._parts.door
        if not paths and not again and (await door.call(Call("scan.results", {}, job.caller))).result:
            return FirstScan(made=False, summary=None, exit=0)
        arguments = {"paths": [str(path) for path in paths], "action": "automatic"} if paths else {}
        call = Call("scan.files" if paths else "scan.quick", arguments, job.caller)
        call.on_progress = lambda now: job.progress(now.done, now.total, now.text)
        inner: list[RunningJob] = []
        call.started = inner.append
        try:
            answer = await door.call(call)
        except asyncio.CancelledError:
            for running in inner:
                running.cancel()
            raise
        if not paths:
            await door.call(Call("scan.home", {}, job.caller, background=True))
        return FirstScan(made=True, summary=answer.result, exit=answer.exit_code, lines=tuple(map(str, answer.says)))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "empty"
    return str(value)
