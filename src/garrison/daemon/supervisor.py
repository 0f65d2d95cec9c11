"""Keeps components running: restarts what raised, logs the failure once and the recovery once."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from garrison.abilities.rights import Rights
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.daemon.isolation import outcome, outcome_of
from garrison.sdk import AnyComponent, Event, Feature, Severity, UntrustedText

FIRST_DELAY_SECONDS = 1.0
LONGEST_DELAY_SECONDS = 300.0
STEADY_SECONDS = 60.0  # what has worked for so long is not held back by what was before


class ComponentFailed(Event):
    """A component stopped by itself; it is started again until it works."""

    says: ClassVar[str] = "{component} stopped working and is being restarted: {reason}"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    component: str
    reason: UntrustedText


class ComponentRecovered(Event):
    """A component that had failed works again."""

    says: ClassVar[str] = "{component} works again"
    component: str


class Condition(StrEnum):
    """How a component is doing."""

    READY = "ready"  # does what it is asked; nothing of it runs in between
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    PAUSED = "paused"
    OFF = "off"
    UNSUPPORTED = "unsupported"
    UNLICENSED = "unlicensed"


@dataclass(slots=True)
class _Watch:
    condition: Condition
    reason: str = ""
    failed: bool = False
    since: float = 0.0  # when it became ready, on the monotonic clock
    task: "asyncio.Task[None] | None" = None


def _protects(component: AnyComponent) -> bool:
    return component.runs() and component.feature is Feature.PROTECTION


class Supervisor:
    """Runs the components that have something to run. pause: waits for so many seconds."""

    def __init__(  # what a supervisor needs
        self,
        group: asyncio.TaskGroup,
        components: Mapping[str, AnyComponent],
        rights: Rights,
        report: Callable[[Event], None],
        clock: Clock,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._group = group
        self._components = components
        self._rights = rights
        self._report = report
        self._clock = clock
        self._pause = pause
        self._watches: dict[str, _Watch] = {}
        self.active = False  # a short-lived daemon runs nothing by itself
        self.paused = False  # what protects by itself rests

    def condition(self, name: str) -> tuple[Condition, str]:
        """Return how a component is doing, and why."""
        standing = self._standing(self._components[name])
        if standing is not None:
            return standing
        watch = self._watches.get(name)
        if watch is None:
            return Condition.READY, ""
        return watch.condition, watch.reason if watch.condition is Condition.RESTARTING else ""

    def _standing(self, component: AnyComponent) -> tuple[Condition, str] | None:
        """Return why a component does not run, whatever it did."""
        if not component.settings.enabled:
            return Condition.OFF, ""
        why_not = outcome(lambda: str(component.unsupported() or ""), f"ask {component.id} whether it can work here")
        if isinstance(why_not, GarrisonError):
            return Condition.UNSUPPORTED, why_not.text
        if why_not:
            return Condition.UNSUPPORTED, why_not
        if not self._rights.includes(component.feature):
            return Condition.UNLICENSED, ""
        if self.paused and _protects(component):
            return Condition.PAUSED, ""
        return None

    def start_all(self) -> None:
        """Start what is switched on."""
        self.active = True
        for name in self._components:
            self.start(name)

    def start(self, name: str) -> None:
        """Start a component, if there is something to run and it may."""
        component = self._components[name]
        if not self.active or not component.runs() or name in self._watches or self._standing(component):
            return
        watch = self._watches[name] = _Watch(Condition.STARTING)
        watch.task = self._group.create_task(self._keep(component, watch), name=f"run {name}")

    async def stop(self, name: str) -> None:
        """Stop a component and wait until it has."""
        watch = self._watches.pop(name, None)
        if watch and watch.task:
            watch.task.cancel()
            await asyncio.wait([watch.task])

    async def pause(self) -> None:
        """Stop all that protects by itself, until `resume`."""
        self.paused = True
        for name, component in self._components.items():
            if _protects(component):
                await self.stop(name)

    def resume(self, since: datetime) -> None:
        """Let it protect again, and look at what was changed since a time."""
        self.paused = False
        for name, component in self._components.items():
            if _protects(component):
                outcome(functools.partial(component.catch_up, since), f"have {name} catch up")
                self.start(name)

    def ready(self, name: str) -> None:
        """Note that a component protects from now on."""
        watch = self._watches.get(name)
        if watch is None:
            return
        watch.condition, watch.since = Condition.RUNNING, self._clock.monotonic()
        if watch.failed:
            watch.failed = False
            self._report(ComponentRecovered(component=self._components[name].title))

    async def _keep(self, component: AnyComponent, watch: _Watch) -> None:
        delay = FIRST_DELAY_SECONDS
        while True:
            error = await outcome_of(component.run(), f"run {component.id}", known=watch.reason)
            if not isinstance(error, GarrisonError):
                watch.condition, watch.reason = Condition.READY, ""
                return  # it said it was done
            if watch.condition is Condition.RUNNING and self._clock.monotonic() - watch.since >= STEADY_SECONDS:
                delay = FIRST_DELAY_SECONDS
            watch.condition, watch.reason = Condition.RESTARTING, error.text
            if not watch.failed:
                watch.failed = True
                self._report(ComponentFailed(component=component.title, reason=error.text))
            await self._pause(delay)
            delay = min(delay * 2, LONGEST_DELAY_SECONDS)
