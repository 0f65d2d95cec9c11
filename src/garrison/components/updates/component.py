"""The updates component."""

import asyncio
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

from garrison import sdk
from garrison.abilities.databases import Databases
from garrison.abilities.databases.updating import Updated, Updater
from garrison.abilities.fetching import Fetcher, Line, Proxy
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Refused
from garrison.base.paths import Home
from garrison.components.updates.mirror import MirrorInfo, OfficeMirror
from garrison.components.updates.results import (
    DatabasesUpdated,
    RollbackResult,
    RolledBack,
    UpdateFailed,
    UpdateResult,
    Used,
)
from garrison.components.updates.state import State, moment, read_state, write_state

_VERSION = 1
_OLD, _VERY_OLD = timedelta(days=1), timedelta(days=7)
_JITTER = 0.1  # of the interval, so that the computers of an office do not all ask at once
_MISSED_SECONDS = (5.0, 60.0)  # after a start when an update was missed
_RETRY = timedelta(minutes=15)
_OUTBREAK = timedelta(minutes=15)
_Source = Annotated[sdk.Place, sdk.about("Source", max_length=4096)]


class UpdatesSettings(sdk.Settings):
    """When and from where the databases are updated."""

    automatic: bool = sdk.field(True, title="Update by itself")
    interval_minutes: int = sdk.field(120, title="Look for something new every (minutes)", ge=5, le=10_080)
    sources: list[_Source] = sdk.field(
        [], title="Take published databases from these, the first that serves", max_length=20
    )
    metered: bool = sdk.field(False, title="The internet is billed by volume: update only by hand")
    kib_per_second: int = sdk.field(0, title="Fetch no faster than (KiB a second, 0: as fast as it goes)", ge=0)
    seconds: int = sdk.field(600, title="Give up on one file after (seconds)", ge=10, le=86_400)
    proxy: str = sdk.field("", title="Proxy (http://HOST:PORT)", max_length=1000)
    proxy_user: str = sdk.field("", title="Sign-in at the proxy", max_length=200)
    proxy_password: sdk.Secret = sdk.field(sdk.Secret(""), title="Password at the proxy")
    rescan_quarantine: bool = sdk.field(True, title="Look at the quarantine again after each update")
    mirror_port: int = sdk.field(
        0, title="Serve what a publisher signed to the other computers at this port (0: not)", ge=0, le=65_535
    )
    mirror_address: str = sdk.field("", title="Serve it at this address only (empty: at all there are)", max_length=100)


class Updates(sdk.Component[UpdatesSettings]):
    """Keeps the databases up to date, from the feeds you chose or from a publisher you trust."""

    id = "updates"
    title = "Updates"
    feature = sdk.Feature.CORE
    events = (DatabasesUpdated, UpdateFailed, RolledBack)
    default_operation = "update"
    aliases: ClassVar[dict[str, str]] = {"update": "update", "rollback": "rollback"}
    purposes = (
        sdk.Purpose(
            "databases",
            "Fetch databases",
            "Garrison asks the sources of databases that you chose for what is new. They learn the address of your "
            "computer's line, the time, and which version of their files you have; nothing about you or your files.",
        ),
    )

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: UpdatesSettings,
        home: Home,
        clock: Clock,
        databases: Databases,
        fetcher: Fetcher,
        updater: Updater,
    ) -> None:
        super().__init__(host, settings)
        self._clock = clock
        self._databases = databases
        self._fetcher = fetcher
        self._updater = updater
        self._file = home.folder("updates", _VERSION) / "state.json"
        self._state = read_state(self._file)
        self._one_at_a_time = asyncio.Lock()
        self._wake = asyncio.Event()
        self._mirror = OfficeMirror(home, fetcher, updater)
        self.settings_changed()

    def settings_changed(self) -> None:
        """Take up how requests are made."""
        settings = self.settings
        proxy = None
        if settings.proxy:
            proxy = Proxy(settings.proxy, settings.proxy_user, settings.proxy_password.get_secret_value())
        self._fetcher.line = Line(
            proxy=proxy,
            bytes_per_second=settings.kib_per_second * 1024,
            is_metered=settings.metered,
            seconds=float(settings.seconds),
        )
        self._mirror.set(settings.mirror_address, settings.mirror_port)
        self._wake.set()

    async def run(self) -> None:
        """Update by itself, again and again, and serve others."""
        self.host.ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._mirror.run(lambda: self.settings.sources, self._one_at_a_time))
            await self._update_by_itself()

    async def _update_by_itself(self) -> None:
        is_start = True
        while True:
            self._wake.clear()
            due = self._due()
            if due is None:
                await self._wake.wait()
                continue
            wait = (due - self._clock.now()).total_seconds()
            if wait <= 0 and is_start:
                wait = random.uniform(*_MISSED_SECONDS)  # noqa: S311 # not secret
            is_start = False
            if wait > 0 and await self._woken(wait):
                continue
            await self._try()

    async def _woken(self, seconds: float) -> bool:
        """Wait; return whether something changed meanwhile."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return False
        return True

    async def _try(self) -> None:
        try:
            await self.host.call("updates.check")
        except GarrisonError:
            return  # it has been told, and is an issue

    def _due(self) -> datetime | None:
        """Return when to look for something new, None for never."""
        settings = self.settings
        if not settings.automatic or settings.metered or not self._updater.has_source(settings.sources):
            return None
        tried = moment(self._state.tried_at)
        if tried is None:
            return self._clock.now()
        interval = timedelta(minutes=settings.interval_minutes)
        if self._state.failure:
            interval = min(interval, _RETRY)
        elif self._state.is_outbreak:
            interval = min(interval, _OUTBREAK)
        return tried + interval * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 # likewise

    @sdk.task("Update")
    async def update(
        self, job: sdk.Job, sources: Annotated[list[_Source], sdk.about("Source", max_length=20)]
    ) -> UpdateResult:
        """Bring the databases up to date now; a source is the address or folder of a publisher that is trusted."""
        _owner_only(job.caller)
        return await self._update(job, sources or self.settings.sources, by_hand=True)

    @sdk.task("Look for new databases")
    async def check(self, job: sdk.Job) -> UpdateResult:
        """Bring the databases up to date as it is done by itself: not while they are to stay, nor by volume."""
        _owner_only(job.caller)
        held = self._databases.held_until()
        if held is not None:
            self._remember(replace(self._state, tried_at=self._now()))
            nothing = Updated(self._databases.name(), "", has_changed=False, transferred=0)
            return UpdateResult.of(nothing, self._signatures()).model_copy(
                update={"held_until": held.isoformat(timespec="seconds")}
            )
        return await self._update(job, self.settings.sources, by_hand=False)

    @sdk.action("Use a source", access=sdk.Access.CONFIGURE)
    async def use(self, source: Annotated[sdk.Place, sdk.about("Source", max_length=4096)], caller: sdk.Caller) -> Used:
        """Take published databases from a source too, and agree that it is asked."""
        _owner_only(caller)
        sources = [*self.settings.sources, *([] if source in self.settings.sources else [source])]
        await self.host.call("suite.settings-set", caller, name="updates.sources", values=sources)
        await self.host.call("suite.consent-give", caller, purpose="updates.databases")
        return Used(source=source)

    @sdk.task("Return to earlier databases", access=sdk.Access.CONFIGURE)
    async def rollback(
        self,
        job: sdk.Job,
        to: Annotated[str, sdk.about("A set by its name, or built-in", max_length=64)] = "",
        stay_hours: Annotated[int, sdk.about("Have them stay for so many hours", ge=0, le=8760)] = 0,
    ) -> RollbackResult:
        """Put the databases before these in use again, or others that are kept."""
        _owner_only(job.caller)
        async with self._one_at_a_time:
            name = await self._databases.roll_back(to)
            until = self._clock.now() + timedelta(hours=stay_hours) if stay_hours else None
            self._databases.hold(until)
        created = str(self._databases.describe()["about"].get("built", ""))
        self.host.report(RolledBack(set=name, created=created))
        stays = until.isoformat(timespec="seconds") if until is not None else ""
        return RollbackResult(set=name, created=created, stays_until=stays)

    @sdk.action("About the mirror", access=sdk.Access.VIEW)
    def mirror(self) -> MirrorInfo:
        """Say what this computer serves to others, and how they take it."""
        return self._mirror.info()

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        yield from self._mirror.issues()
        if self._updater.room_is_short():
            text = sdk.Text("There is no room on the disk for new databases")
            yield sdk.Issue(id="disk", severity=sdk.Severity.IMPORTANT, text=text)
        if not self._updater.has_source(self.settings.sources):
            return
        if self._state.failure:
            text = sdk.Text("The databases could not be updated: {why}", why=self._state.failure)
            yield sdk.Issue(id="failing", severity=sdk.Severity.IMPORTANT, text=text, fix="updates.check")
        age = self._age()
        if age is not None and age > _OLD:
            severity = sdk.Severity.CRITICAL if age > _VERY_OLD else sdk.Severity.IMPORTANT
            text = sdk.Text("The databases are {days} days old", days=max(1, age.days))
            yield sdk.Issue(id="old", severity=severity, text=text, fix="updates.check")

    def _age(self) -> timedelta | None:
        """Return how long ago it was last known that nothing is newer."""
        checked = moment(self._state.checked_at)
        return None if checked is None else self._clock.now() - checked

    async def _update(self, job: sdk.Job, sources: list[str], *, by_hand: bool) -> UpdateResult:
        async with self._one_at_a_time:
            try:
                updated = await self._updater.update(
                    sources, by_hand=by_hand, tell=lambda what, done, total: job.progress(done, total, what)
                )
            except GarrisonError as error:
                self._failed(f"{error.text} {error.hint}".strip())
                raise
        self._succeeded(updated)
        if updated.has_changed and self.settings.rescan_quarantine:
            await self._rescan()
        async with self._one_at_a_time:
            await self._mirror.follow(
                sources, by_hand=by_hand, tell=lambda done, total: job.progress(done, total, "Fetching for others")
            )
        return UpdateResult.of(updated, self._signatures())

    def _succeeded(self, updated: Updated) -> None:
        now = self._now()
        self._remember(State(now, updated.checked or now, "", "", updated.is_outbreak))
        if updated.has_changed:
            self._databases.hold(None)
            self.host.report(
                DatabasesUpdated(
                    set=updated.name,
                    source=updated.source,
                    signatures=self._signatures(),
                    transferred_bytes=updated.transferred,
                )
            )

    def _failed(self, why: str) -> None:
        now = self._now()
        if why != self._state.failure:  # the same again is no news
            self.host.report(UpdateFailed(why=why))
        self._remember(replace(self._state, tried_at=now, failure=why, failing_since=self._state.failing_since or now))

    def _remember(self, state: State) -> None:
        self._state = state
        try:
            write_state(self._file, state)
        except OSError:
            return  # a full disk is an issue of its own
        self._wake.set()

    async def _rescan(self) -> None:
        try:
            await self.host.call("quarantine.rescan")
        except GarrisonError:
            return  # quarantine is switched off, or tells itself what is wrong

    def _signatures(self) -> int:
        return sum(self._databases.describe().get("counts", {}).values())

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")


def _owner_only(caller: sdk.Caller) -> None:
    """Refuse anybody who is not the owner of the suite. Raises Refused."""
    if not caller.is_owner:
        raise Refused("Only the owner of this suite may change its databases.")
