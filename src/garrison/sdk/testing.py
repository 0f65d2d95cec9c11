"""A component on a fake host, for the tests of component authors. The one sanctioned fake.

staged = stage(FileProtection, FileProtectionSettings(archives=True), scanner=scanner)
staged.host.answers["keep"] = "yes"
asyncio.run(staged.ask("pause", minutes=5))
assert staged.reported == [...]
"""

import asyncio
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Self, TypeVar

from garrison.base.clock import Clock, FakeClock
from garrison.base.errors import NotFound
from garrison.sdk.component import AnyComponent
from garrison.sdk.events import Event
from garrison.sdk.host import Caller, Question
from garrison.sdk.operations import signatures
from garrison.sdk.plain import to_plain
from garrison.sdk.values import Settings

ComponentType = TypeVar("ComponentType", bound=AnyComponent)
START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)  # a Monday


@dataclass(frozen=True, slots=True)
class Report:
    """An event, and the account it concerns; None: the suite's own."""

    event: Event
    owner: int | None


@dataclass(frozen=True, slots=True)
class Called:
    """What a component asked of another one."""

    operation: str
    arguments: dict[str, Any]
    caller: Caller | None


@dataclass(slots=True)
class FakeJob:
    """A task under way that remembers what it was told: (done, total, text)."""

    caller: Caller = field(default_factory=Caller.myself)
    by_itself: bool = False
    suite_ends: bool = False
    told: list[tuple[int, int | None, str]] = field(default_factory=list)

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Remember it."""
        self.told.append((done, total, text))


class FakeStream:
    """Events that a test puts on the stage."""

    def __init__(self, queue: "asyncio.Queue[tuple[str, Event]]") -> None:
        self._queue = queue

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exception: object) -> None:
        return None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> tuple[str, Event]:
        return await self._queue.get()

    async def next_with_owner(self) -> tuple[str, Event, int]:
        """Return the next event as the suite's own."""
        component, event = await self._queue.get()
        return component, event, Caller.myself().uid


class FakeHost:
    """What sdk.Host promises, remembered instead of done.

    answers: by a question's id; a question without one gets its default, as if nobody had answered in time.
    results: by operation, what `call` returns, or a function of the arguments. A missing one raises NotFound.
    """

    def __init__(self) -> None:
        self.is_ready = False
        self.reports: list[Report] = []
        self.calls: list[Called] = []
        self.questions: list[Question] = []
        self.answers: dict[str, str] = {}
        self.results: dict[str, Any | Callable[..., Any]] = {}
        self.to_hear: asyncio.Queue[tuple[str, Event]] = asyncio.Queue()

    def ready(self) -> None:
        """Remember that `run` protects."""
        self.is_ready = True

    def report(self, event: Event, owner: int | None = None) -> None:
        """Remember an event."""
        self.reports.append(Report(event, owner))

    def events(self) -> FakeStream:
        """Return what a test puts into `to_hear`."""
        return FakeStream(self.to_hear)

    async def call(self, operation: str, caller: Caller | None = None, **arguments: Any) -> Any:
        """Remember a call and return its result, plain as it would come through the door."""
        self.calls.append(Called(operation, arguments, caller))
        if operation not in self.results:
            raise NotFound("There is no operation “{operation}” on this stage.", operation=operation)
        result = self.results[operation]
        return to_plain(result(**arguments) if callable(result) else result)

    async def ask(self, question: Question, owner: int | None = None) -> str:  # noqa: ARG002 # as sdk.Host has it
        """Remember a question and return the answer to it."""
        self.questions.append(question)
        choice = self.answers.get(question.id, question.default)
        assert choice in question.choices, f"“{choice}” is not among the choices of {question.id}"
        return choice


@dataclass(slots=True)
class Staged(Generic[ComponentType]):
    """A component, and all that it has to do with."""

    component: ComponentType
    host: FakeHost
    clock: FakeClock
    job: FakeJob = field(default_factory=FakeJob)

    @property
    def reported(self) -> list[Event]:
        """Return the events, without whom they concern."""
        return [report.event for report in self.host.reports]

    async def ask(self, operation: str, caller: Caller | None = None, **untrusted: Any) -> Any:
        """Ask for an operation as the door does: arguments plain and checked, job and caller handed in."""
        signature = signatures(type(self.component))[operation]
        if caller is not None:
            self.job = FakeJob(caller)
        offered = {"job": self.job, "caller": self.job.caller}
        given = {name: offered[name] for name in signature.takes}
        method = getattr(self.component, operation.replace("-", "_"))
        value = method(**signature.decode(untrusted), **given)
        return await value if inspect.isawaitable(value) else value


def stage(cls: type[ComponentType], settings: Settings | None = None, **abilities: Any) -> Staged[ComponentType]:
    """Return a component on a fake host, with its default settings unless others are given.

    abilities: by the names of its constructor's parameters. A Clock that is asked for and not given is a FakeClock.
    """
    clock = FakeClock(START)
    hints = typing.get_type_hints(cls.__init__)
    for name in list(inspect.signature(cls.__init__).parameters)[3:]:
        if hints.get(name) is Clock:
            clock = abilities.setdefault(name, clock)
    host = FakeHost()
    component = cls(host, settings if settings is not None else cls.settings_type()(), **abilities)
    component.settings_changed()
    return Staged(component, host, clock)
