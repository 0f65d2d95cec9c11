"""Operations: what a component can be asked. The signature and docstring are the whole description."""

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import BaseModel, create_model

from garrison.sdk.host import Caller, Job
from garrison.sdk.plain import validate
from garrison.sdk.schedule import Schedule
from garrison.sdk.values import Frozen, values_of
from garrison.wire.manifest import Value

Method = TypeVar("Method", bound=Callable[..., Any])
_MARK = "_garrison_operation"


class Access(StrEnum):
    """What right an operation needs."""

    VIEW = "view"
    OPERATE = "operate"
    CONFIGURE = "configure"
    WEAKEN = "weaken"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a decorator wrote down about a method."""

    title: str
    access: Access
    is_task: bool
    schedule: Schedule | None


def action(title: str, *, access: Access = Access.OPERATE) -> Callable[[Method], Method]:
    """Make a method an operation that answers at once."""
    return _marker(Mark(title, access, is_task=False, schedule=None))


def task(title: str, *, access: Access = Access.OPERATE, schedule: str | None = None) -> Callable[[Method], Method]:
    """Make a method an operation that takes its time: with progress, cancel, and a schedule. It takes a `job`."""
    return _marker(Mark(title, access, is_task=True, schedule=Schedule.parse(schedule) if schedule else None))


def _marker(mark: Mark) -> Callable[[Method], Method]:
    def decorate(method: Method) -> Method:
        setattr(method, _MARK, mark)
        return method

    return decorate


@dataclass(frozen=True, slots=True)
class Signature:
    """An operation as the door needs it. arguments: the checked model; takes: job and caller, when asked for."""

    name: str
    mark: Mark
    help: str
    arguments: type[BaseModel]
    parameters: tuple[Value, ...]
    takes: frozenset[str]

    def decode(self, untrusted: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments, checked. Raises Invalid that names every mistake."""
        checked = validate(self.arguments, untrusted, self.parameters)
        return {name: getattr(checked, name) for name in self.arguments.model_fields}


def signatures(cls: type) -> Mapping[str, Signature]:
    """Return the operations of a component's class by name (with hyphens), in the order they were written."""
    return _made(cls)


@cache  # the door and the manifest both want them, and making the models is a large part of the daemon's start
def _made(cls: type) -> Mapping[str, Signature]:
    found: dict[str, Signature] = {}
    for base in reversed(cls.__mro__):
        for attribute, method in base.__dict__.items():
            mark = getattr(method, _MARK, None)
            if isinstance(mark, Mark):
                name = attribute.replace("_", "-")
                found[name] = _signature(name, mark, getattr(cls, attribute))
    return types.MappingProxyType(found)


def _signature(name: str, mark: Mark, method: Callable[..., Any]) -> Signature:
    hints = typing.get_type_hints(method, include_extras=True)
    fields: dict[str, Any] = {}
    takes = set()
    for parameter in list(inspect.signature(method).parameters.values())[1:]:
        hint = hints[parameter.name]
        if hint is Job or hint is Caller:
            takes.add(parameter.name)
        else:
            is_required = parameter.default is inspect.Parameter.empty
            fields[parameter.name] = (hint, ... if is_required else parameter.default)
    arguments = cast("type[BaseModel]", create_model(f"{name}-arguments", __base__=Frozen, **fields))
    return Signature(name, mark, inspect.getdoc(method) or "", arguments, values_of(arguments), frozenset(takes))
