"""The boot: a list of named steps, each a function with one sentence."""

import asyncio
import fcntl
import inspect
import logging
import os
import signal
import socket
import typing
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from garrison import __version__
from garrison.abilities.application import Versions
from garrison.abilities.curing import Curing
from garrison.abilities.databases import Databases
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.updating import Updater
from garrison.abilities.exclusions import Exclusions
from garrison.abilities.fetching import Fetcher
from garrison.abilities.guard import Guard
from garrison.abilities.notices import Notices
from garrison.abilities.outgoing import Outgoing
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import Response
from garrison.abilities.rewinding import Rewinding
from garrison.abilities.rights import Rights
from garrison.abilities.scanner import Scanner
from garrison.abilities.sessions import Sessions
from garrison.abilities.surroundings import Surroundings
from garrison.abilities.unchanged import Unchanged
from garrison.base.clock import Clock, SystemClock, local_zone
from garrison.base.errors import Failed, GarrisonError, Unavailable
from garrison.base.files import explain
from garrison.base.installed import Installed, SwitchState
from garrison.base.paths import Home
from garrison.daemon.audit import Audit
from garrison.daemon.bus import Bus
from garrison.daemon.catalogue import COMPONENTS, manifests
from garrison.daemon.consents import Consents
from garrison.daemon.door import Call, Door
from garrison.daemon.host import ComponentHost, Reporter
from garrison.daemon.inbox import Inbox
from garrison.daemon.isolation import first_of, outcome, outcome_of
from garrison.daemon.jobs import Jobs
from garrison.daemon.journal import Journal
from garrison.daemon.journal_upkeep import keep_up
from garrison.daemon.on_behalf import OnBehalf
from garrison.daemon.parts import Parts
from garrison.daemon.password import PasswordBook
from garrison.daemon.pausing import Pausing
from garrison.daemon.scheduler import Scheduler, Senses
from garrison.daemon.server import Server, bind
from garrison.daemon.settings_book import SettingsBook
from garrison.daemon.store import Store
from garrison.daemon.suite import Suite, SuiteSettings
from garrison.daemon.suite_results import JournalSetAside, TaskFailed
from garrison.daemon.supervisor import Supervisor
from garrison.sdk import AnyComponent, Caller, Event
from garrison.wire.manifest import SUITE, Manifest, digest, dump

log = logging.getLogger(__name__)
_LOCK_TRIES = 10
_LOCK_PAUSE_SECONDS = 0.02
_CLIENT_PATIENCE_SECONDS = 20.0  # for the command that a short-lived daemon was started for
_JOBS_PATIENCE_SECONDS = 5.0
_ANSWERS_PATIENCE_SECONDS = 1.0


@dataclass(slots=True)
class Boot:
    """What the steps have made so far; each step finds what the ones before it left."""

    home: Home
    lasting: bool
    group: asyncio.TaskGroup
    stack: AsyncExitStack
    clock: Clock = field(default_factory=SystemClock)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    bus: Bus = field(default_factory=Bus)
    rights: Rights = field(default_factory=Rights)
    abilities: dict[type, Any] = field(default_factory=dict)
    described: tuple[Manifest, ...] = field(default_factory=manifests)
    consents: Consents = field(init=False)
    parts: Parts = field(init=False)
    scheduler: Scheduler = field(init=False)
    suite: Suite = field(init=False)
    server: Server = field(init=False)
    listening: socket.socket = field(init=False)


async def take_the_lock(boot: Boot) -> None:
    """Make sure that no other daemon works on this home."""
    boot.home.prepare()
    try:
        descriptor = os.open(boot.home.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise explain(error, f"open {boot.home.lock}") from error
    boot.stack.callback(os.close, descriptor)
    for _ in range(_LOCK_TRIES):  # a command that looks whether a daemon runs holds it for a moment
        if _lock(descriptor):
            break
        await asyncio.sleep(_LOCK_PAUSE_SECONDS)
    else:
        process = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
        raise Unavailable("Garrison is running here already (process {process}).", process=process)
    try:
        os.pwrite(descriptor, f"{os.getpid():<19}\n".encode("ascii"), 0)
    except OSError as error:
        raise explain(error, f"write {boot.home.lock}") from error


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def make_abilities(boot: Boot) -> None:
    """Open the databases, quarantine, exclusions, and the way to the workers."""
    databases = Databases(boot.home, boot.clock)
    quarantine = Quarantine(boot.home, boot.clock)
    # What fails here is said by status too, and tried again at the next start; what does not need it works on.
    for work, doing in ((databases.ensure(), "build the databases"), (quarantine.recover(), "recover quarantine")):
        error = await outcome_of(work, doing)
        if isinstance(error, GarrisonError):
            log.error("%s: %s", doing, error.text)
    unchanged = Unchanged(boot.home.folder("unchanged", 1), boot.clock)
    scanner = Scanner(databases, quarantine, unchanged)
    boot.stack.push_async_callback(scanner.close)
    exclusions = Exclusions(boot.home, boot.clock)
    compiler = Compiler(databases)
    guard = Guard(boot.home, boot.clock, databases)
    boot.stack.push_async_callback(_end_guard, boot, guard)
    outgoing = Outgoing(lambda purpose: boot.consents.word(Caller.myself(), purpose))
    response = Response(boot.home, boot.clock, quarantine, Curing(databases, scanner, outgoing, boot.clock))
    fetcher = Fetcher(boot.home, boot.clock, outgoing)
    book = FeedBook(databases.folder / "feeds.json")
    gatherer = Gatherer(databases, fetcher, boot.clock)
    updater = Updater(databases, fetcher, gatherer, book, boot.clock)
    versions = Versions(boot.home, boot.clock, fetcher, updater.trust / "root.json")
    made = (
        databases,
        compiler,
        quarantine,
        scanner,
        response,
        exclusions,
        outgoing,
        fetcher,
        book,
        gatherer,
        updater,
        guard,
        Rewinding(boot.home, quarantine),
        Surroundings(),
        Sessions(boot.clock),
    )
    for ability in (boot.home, boot.clock, *made, versions):
        boot.abilities[type(ability)] = ability


async def _end_guard(boot: Boot, guard: Guard) -> None:
    """End keeper and gate with the suite that has them; one that is here for a command leaves them alone."""
    if boot.parts.is_lasting:
        await guard.end()


def return_to_before(boot: Boot) -> None:
    """Put back what a newer version had changed, where whoever watched over it was ended too early."""
    installed = Installed(boot.home)
    last = installed.last_switch()
    if last is None or last.state is not SwitchState.TRYING or last.before != __version__:
        return
    if installed.is_switching() or installed.linked() == last.version:
        return
    try:
        installed.put_back(boot.home.root, last.changes)
    except OSError as error:
        raise explain(error, "put back what a newer Garrison had changed") from error


def open_the_books(boot: Boot) -> None:
    """Open the journal, the inbox and the settings, and make the door."""
    store = Store(boot.home.folder("journal", 1), boot.clock)
    boot.stack.callback(store.close)
    journal = Journal(store, boot.clock)
    reporter = Reporter(journal, boot.bus)
    jobs = Jobs(boot.group, boot.clock)
    audit = Audit(lambda event, caller: reporter.report(SUITE, event, caller.uid), boot.clock)
    boot.stack.callback(audit.settle_all)
    door = Door(boot.rights, jobs, audit.note)
    components: dict[str, AnyComponent] = {}
    with_settings: tuple[type[AnyComponent], ...] = (Suite, *COMPONENTS)

    def report_own(event: Event) -> None:
        reporter.report(SUITE, event, None)

    supervisor = Supervisor(boot.group, components, boot.rights, report_own, boot.clock)
    boot.parts = Parts(
        store=store,
        book=SettingsBook(boot.home.folder("settings", 1), {cls.id: cls for cls in with_settings}),
        journal=journal,
        reporter=reporter,
        jobs=jobs,
        inbox=Inbox(store, boot.clock),
        door=door,
        supervisor=supervisor,
        clock=boot.clock,
        shut_down=boot.ended.set,
        become_lasting=lambda: become_lasting(boot),
        components=components,
    )
    folder = boot.home.folder("pause", 1)
    boot.parts.pausing = Pausing(folder, boot.clock, supervisor, lambda event, uid: reporter.report(SUITE, event, uid))
    boot.parts.password = PasswordBook(boot.home.folder("password", 1), boot.clock)
    door.tickets.is_protected = boot.parts.password.protects
    boot.abilities[Notices] = boot.parts.inbox.notices
    boot.consents = Consents(store, boot.clock, boot.described)
    if store.set_aside:
        reporter.report(SUITE, JournalSetAside(path=store.set_aside), None)


def make_components(boot: Boot) -> None:
    """Make every component, with the abilities that its constructor asks for."""
    parts = boot.parts
    for cls in COMPONENTS:
        component = _make(boot, cls)
        outcome(component.settings_changed, f"give {cls.id} its settings")
        parts.components[cls.id] = component
        parts.door.add(component)


def _make(boot: Boot, cls: type[AnyComponent]) -> AnyComponent:
    hints = typing.get_type_hints(cls.__init__)
    wanted = list(inspect.signature(cls.__init__).parameters)[3:]
    given = {name: _ability(boot, cls, hints[name]) for name in wanted}
    return cls(_host(boot, cls.id), boot.parts.book.of(cls.id), **given)


def _ability(boot: Boot, cls: type[AnyComponent], wanted: Any) -> Any:
    for kind, ability in boot.abilities.items():
        if kind is wanted or (wanted is Clock and isinstance(ability, SystemClock)):
            return ability
    raise Failed("{name} asks for {wanted}, which is no ability of the suite.", name=cls.__name__, wanted=wanted)


def _host(boot: Boot, component: str) -> ComponentHost:
    parts = boot.parts
    return ComponentHost(component, parts.reporter, boot.bus, parts.inbox, parts.door, parts.supervisor.ready)


def make_the_suite(boot: Boot) -> None:
    """Make the schedule, the consents and the suite's own operations."""
    folder = boot.home.folder("schedule", 1)
    around = boot.abilities[Surroundings]
    senses = Senses(around.on_battery, around.look, boot.abilities[Databases].name)
    boot.scheduler = Scheduler(
        folder, boot.clock, local_zone(), boot.described, lambda *task: _begin(boot, *task), senses
    )
    settings = boot.parts.book.of(SUITE)
    assert isinstance(settings, SuiteSettings)
    boot.suite = Suite(_host(boot, SUITE), settings, boot.parts, boot.scheduler, boot.consents)
    outcome(boot.suite.settings_changed, "give the suite its settings")
    boot.parts.door.add(boot.suite)


def _begin(boot: Boot, operation: str, arguments: dict[str, Any], caller: Caller) -> None:
    """Start a scheduled task, unless its component is off or it still is at it from the last time."""
    parts = boot.parts
    component = parts.door.components[operation.partition(".")[0]]
    running = any(job.operation == operation and job.caller == caller for job in parts.jobs.running())
    if running or not component.settings.enabled:
        log.info("%s is due, but %s", operation, "still runs" if running else "its component is off")
        return

    async def call() -> None:
        answer = await outcome_of(parts.door.call(Call(operation, arguments, caller, by_itself=True)), operation)
        if isinstance(answer, GarrisonError):
            title = parts.door.title(operation)
            event = TaskFailed(title=title, operation=operation, reason=answer.text.rstrip("."))
            parts.reporter.report(SUITE, event, caller.uid)

    boot.group.create_task(call())


def open_the_door(boot: Boot) -> None:
    """Listen on the socket."""
    name = digest(dump(boot.described))
    on_behalf = OnBehalf(boot.abilities[Sessions])
    boot.server = Server(boot.parts.door, boot.described, name, lambda: _maybe_end(boot), on_behalf)
    try:
        boot.listening = bind(boot.home.socket, shared=boot.home.is_system)
    except OSError as error:
        raise explain(error, f"listen on {boot.home.socket}") from error
    boot.stack.callback(boot.home.socket.unlink, missing_ok=True)
    boot.stack.callback(boot.listening.close)
    boot.group.create_task(boot.server.serve(boot.listening))
    boot.parts.jobs.on_idle = lambda: _maybe_end(boot)
    first_look = asyncio.get_running_loop().call_later(_CLIENT_PATIENCE_SECONDS, _maybe_end, boot)
    boot.stack.callback(first_look.cancel)  # whoever started a short-lived daemon may have died since


def _maybe_end(boot: Boot) -> None:
    """End a short-lived daemon with its last client and job."""
    if not boot.parts.is_lasting and not boot.server.clients and not boot.parts.jobs.running():
        boot.ended.set()


def begin_to_protect(boot: Boot) -> None:
    """Start what runs by itself, unless this daemon is only here for one command."""
    if boot.lasting:
        become_lasting(boot)


def become_lasting(boot: Boot) -> None:
    """Start the components and the schedule. Does nothing the second time."""
    if not boot.parts.is_lasting:
        boot.parts.is_lasting = True
        boot.group.create_task(boot.abilities[Guard].run())
        boot.parts.pausing.take_up()
        boot.parts.supervisor.start_all()
        boot.group.create_task(boot.parts.pausing.run())
        boot.group.create_task(boot.scheduler.run())
        boot.group.create_task(keep_up(boot.parts.journal))


Step = Callable[[Boot], Awaitable[None] | None]

STEPS: tuple[Step, ...] = (
    take_the_lock,
    return_to_before,
    open_the_books,
    make_abilities,
    make_components,
    make_the_suite,
    open_the_door,
    begin_to_protect,
)


class _Ended(Exception):  # not an error
    """Raised inside the task group to end everything in it."""


async def _until_ended(boot: Boot) -> None:
    """Wait for the end; whoever waits for a task is told that it is cancelled."""
    await boot.ended.wait()
    await boot.parts.jobs.end_all(_JOBS_PATIENCE_SECONDS)
    await boot.server.settle(_ANSWERS_PATIENCE_SECONDS)
    raise _Ended


async def run(home: Home, lasting: bool, on_ready: Callable[[], None]) -> None:
    """Boot, serve until told to end, and take everything down again. Raises a GarrisonError when a step fails."""
    problem: GarrisonError | None = None
    try:
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            boot = Boot(home, lasting, group, stack)
            _end_on_signals(boot)
            for step in STEPS:
                log.info("%s", (step.__doc__ or "").splitlines()[0])
                made = step(boot)
                if made is not None:
                    await made
            on_ready()
            await _until_ended(boot)
    except* _Ended:
        log.info("Ended.")
    except* GarrisonError as group_of_errors:
        first = first_of(group_of_errors)
        problem = first if isinstance(first, GarrisonError) else None
    if problem is not None:  # raised within except* it would come out wrapped in Python 3.11.2
        raise problem


def _end_on_signals(boot: Boot) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, boot.ended.set)
