"""Makes a component's Manifest: the plain data from which every surface grows."""

import inspect
import string

from garrison.sdk.component import AnyComponent
from garrison.sdk.events import Event
from garrison.sdk.operations import Signature, signatures
from garrison.sdk.values import values_of
from garrison.wire.manifest import SUITE, EventKind, Manifest, Operation, Value


def first_line(docstring: str | None) -> str:
    """Return the sentence that is the help."""
    return (inspect.cleandoc(docstring or "").splitlines() or [""])[0]


def describe(cls: type[AnyComponent]) -> Manifest:
    """Return what a component says of itself."""
    return Manifest(
        id=cls.id,
        title=cls.title,
        help=first_line(cls.__doc__),
        feature=cls.feature.value,
        settings=_settings(cls),
        operations=tuple(_operation(cls.id, signature) for signature in signatures(cls).values()),
        events=tuple(_event(event) for event in cls.events),
        purposes=cls.purposes,
        aliases={alias: f"{cls.id}.{name}" for alias, name in cls.aliases.items()},
        default=cls.default_operation,
    )


def _settings(cls: type[AnyComponent]) -> tuple[Value, ...]:
    """Return the settings; the suite as a whole is started and stopped, not switched on and off."""
    values = values_of(cls.settings_type())
    return tuple(value for value in values if (cls.id, value.name) != (SUITE, "enabled"))


def _operation(component: str, signature: Signature) -> Operation:
    return Operation(
        id=f"{component}.{signature.name}",
        title=signature.mark.title,
        help=signature.help,
        access=signature.mark.access.value,
        is_task=signature.mark.is_task,
        parameters=signature.parameters,
        schedule=str(signature.mark.schedule or ""),
    )


def _event(event: type[Event]) -> EventKind:
    return EventKind(
        id=event.__name__, says=event.says, severity=event.severity.value, fields=tuple(event.model_fields)
    )


def names_in(says: str) -> set[str]:
    """Return the {names} in a sentence."""
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(says) if name}
