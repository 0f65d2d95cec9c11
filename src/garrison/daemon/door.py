"""The door: every request, from whichever surface, goes through here: find, licence, rights, decode, run, audit."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from garrison.abilities.rights import Rights, scope_of
from garrison.base.errors import GarrisonError, Invalid, NotFound, Unavailable
from garrison.base.text import phrase
from garrison.daemon.isolation import outcome, outcome_of
from garrison.daemon.jobs import CANCELLED, Answer, Jobs, Progress, RunningJob, answer_of
from garrison.daemon.tickets import SESSION, Tickets
from garrison.sdk import Access, AnyComponent, Caller, Event, Text
from garrison.sdk.operations import Signature, signatures


class OperationCalled(Event):
    """The audit line of a request that may change something."""

    says: ClassVar[str] = "{operation} was asked for by account {uid}: {outcome}"
    operation: str
    uid: int
    outcome: str


class FrameRefused(Event):
    """The audit line of what came through the door and was no request."""

    says: ClassVar[str] = "What account {uid} sent to the door was refused unread: {outcome}"
    uid: int
    outcome: str


Audited = OperationCalled | FrameRefused


@dataclass(slots=True)
class Call:
    """A request.

    session: of whom the password was asked; None: of whoever asked for the request that this one is part of.
    background: answer at once and let the task go on. by_itself: on behalf of no person. started: is told the job.
    """

    operation: str
    arguments: Mapping[str, Any]
    caller: Caller
    background: bool = False
    by_itself: bool = False
    session: str | None = None
    on_progress: Callable[[Progress], None] = lambda _: None
    started: Callable[[RunningJob], None] = lambda _: None


@dataclass(slots=True)
class Door:
    """Finds the component and asks it."""

    rights: Rights
    jobs: Jobs
    audit: Callable[[Audited, Caller], None]
    tickets: Tickets = field(default_factory=Tickets)
    components: dict[str, AnyComponent] = field(default_factory=dict)
    _signatures: dict[str, Mapping[str, Signature]] = field(default_factory=dict)

    def add(self, component: AnyComponent) -> None:
        """Let a component be asked."""
        self.components[component.id] = component
        self._signatures[component.id] = signatures(type(component))

    async def call(self, call: Call) -> Answer:
        """Answer a request. Raises a GarrisonError; what a component did wrong becomes an Unexpected."""
        component, signature = self._find(call.operation)
        if call.session is not None:
            SESSION.set(call.session)  # for all that is asked on the way
        try:
            answer = await self._admitted(call, component, signature)
        except GarrisonError as error:
            self._write_down(call, signature, error.code)
            raise
        except asyncio.CancelledError:
            self._write_down(call, signature, phrase("cancelled"))
            raise
        is_under_way = call.background and signature.mark.is_task
        self._write_down(call, signature, phrase("started") if is_under_way else _word(answer))
        return answer

    async def _admitted(self, call: Call, component: AnyComponent, signature: Signature) -> Answer:
        self.rights.check_licence(component.feature, component.title)
        self.rights.check_access(call.caller, signature.mark.access, signature.mark.title)
        scope = scope_of(call.operation, signature.mark.access)
        if scope is not None and not call.by_itself:
            self.tickets.check(call.caller, scope)
        if signature.mark.access is not Access.VIEW:
            _check_supported(component)
        arguments = signature.decode(call.arguments)
        if signature.mark.is_task:
            return await self._task(call, component, signature, arguments)
        asked = _ask(component, signature, arguments, {"caller": call.caller})
        answer = await outcome_of(answer_of(asked), call.operation)
        if isinstance(answer, GarrisonError):
            raise answer
        return answer

    async def _task(
        self, call: Call, component: AnyComponent, signature: Signature, arguments: dict[str, Any]
    ) -> Answer:
        def work(job: RunningJob) -> Awaitable[Any]:
            return _ask(component, signature, arguments, {"job": job, "caller": call.caller})

        job = self.jobs.start(call.operation, signature.mark.title, call.caller, work, call.on_progress)
        job.by_itself = call.by_itself
        call.started(job)
        if call.background:
            text = Text("{title}: goes on in the background as job {job}.", title=job.title, job=job.id)
            return Answer({"job": job.id}, (text,))
        try:
            await job.finished.wait()
        except asyncio.CancelledError:
            job.cancel()
            raise
        if isinstance(job.outcome, GarrisonError):
            raise job.outcome
        assert job.outcome is not None
        return job.outcome

    def _find(self, operation: str) -> tuple[AnyComponent, Signature]:
        name, _, verb = operation.partition(".")
        signature = self._signatures.get(name, {}).get(verb)
        if signature is None:
            raise NotFound(
                "There is no operation “{operation}”.", "garrison --help lists what there is.", operation=operation
            )
        return self.components[name], signature

    def title(self, operation: str) -> str:
        """Return what people call an operation. Raises NotFound."""
        return self._find(operation)[1].mark.title

    def arguments(self, operation: str, given: Sequence[str]) -> dict[str, Any]:
        """Return an operation's arguments from texts NAME=VALUE, plain and checked. Raises NotFound, Invalid."""
        _, signature = self._find(operation)
        many = {value.name for value in signature.parameters if value.many}
        arguments: dict[str, Any] = {}
        for text in given:
            name, is_set, value = text.partition("=")
            if not is_set:
                raise Invalid("“{why}” is not NAME=VALUE.", why=text)
            if name in many:
                arguments.setdefault(name, []).append(value)
            else:
                arguments[name] = value
        if given:
            signature.decode(arguments)
        return arguments

    def _write_down(self, call: Call, signature: Signature, outcome: str) -> None:
        if signature.mark.access is not Access.VIEW:
            event = OperationCalled(operation=call.operation, uid=call.caller.uid, outcome=outcome)
            self.audit(event, call.caller)


def _word(answer: Answer) -> str:
    return phrase("cancelled") if answer is CANCELLED else phrase("done")


def _check_supported(component: AnyComponent) -> None:
    why_not = outcome(lambda: str(component.unsupported() or ""), f"ask {component.id} whether it can work here")
    if isinstance(why_not, GarrisonError):
        raise why_not
    if why_not:
        raise Unavailable(why_not)


async def _ask(
    component: AnyComponent, signature: Signature, arguments: dict[str, Any], offered: dict[str, Any]
) -> Any:
    method = getattr(component, signature.name.replace("-", "_"))
    given = {name: offered[name] for name in signature.takes}
    value = method(**arguments, **given)
    return await value if inspect.isawaitable(value) else value
