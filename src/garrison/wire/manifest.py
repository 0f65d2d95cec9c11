"""What a component says of itself, as plain data: the one thing that surfaces know of a component."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

SUITE = "suite"  # the id of the daemon's own manifest


@dataclass(frozen=True, slots=True)
class Value:
    """A setting or a parameter.

    kind: path, place (a path or an address), place-or-name, text, integer, number, flag, choice or secret. many: a list
    of such.
    default: plain, None when required. limits: of JSON Schema (minimum, maximum, maxLength, pattern).
    """

    name: str
    kind: str
    title: str
    required: bool = False
    many: bool = False
    default: Any = None
    choices: tuple[str, ...] = ()
    limits: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be asked for: component.name, who may ask, and with what."""

    id: str
    title: str
    help: str
    access: str
    is_task: bool = False
    hidden: bool = False
    parameters: tuple[Value, ...] = ()
    schedule: str = ""  # when it runs by itself unless the owner says otherwise

    @property
    def name(self) -> str:
        """The part after the component's id."""
        return self.id.partition(".")[2]


@dataclass(frozen=True, slots=True)
class EventKind:
    """Something that can happen. says: the sentence with {fields}."""

    id: str
    says: str
    severity: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a person's consent is asked for. The text is what they agree to, word for word.

    later: it is asked for where somebody sets up what it is about, not with the first questions.
    """

    id: str
    title: str
    text: str
    later: bool = False


@dataclass(frozen=True, slots=True)
class Manifest:
    """A component's description.

    aliases: short top-level names of its operations. default: the operation meant when a command names none.
    """

    id: str
    title: str
    help: str
    feature: str
    settings: tuple[Value, ...] = ()
    operations: tuple[Operation, ...] = ()
    events: tuple[EventKind, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    aliases: dict[str, str] = field(default_factory=dict)
    default: str = ""

    def operation(self, name: str) -> Operation | None:
        """Return the operation of that name."""
        return next((operation for operation in self.operations if operation.name == name), None)


def to_plain(manifests: tuple[Manifest, ...]) -> list[dict[str, Any]]:
    """Return manifests as JSON holds them."""
    plain: list[dict[str, Any]] = json.loads(json.dumps([asdict(manifest) for manifest in manifests]))
    return plain


def from_plain(plain: list[dict[str, Any]]) -> tuple[Manifest, ...]:
    """Return the manifests in JSON. Raises KeyError or TypeError when it is no such thing."""
    return tuple(_manifest(entry) for entry in plain)


def _manifest(plain: dict[str, Any]) -> Manifest:
    return Manifest(
        **{
            **plain,
            "settings": tuple(_value(entry) for entry in plain["settings"]),
            "operations": tuple(
                Operation(**{**entry, "parameters": tuple(_value(value) for value in entry["parameters"])})
                for entry in plain["operations"]
            ),
            "events": tuple(EventKind(**{**entry, "fields": tuple(entry["fields"])}) for entry in plain["events"]),
            "purposes": tuple(Purpose(**entry) for entry in plain["purposes"]),
        }
    )


def _value(plain: dict[str, Any]) -> Value:
    return Value(**{**plain, "choices": tuple(plain["choices"])})


def dump(manifests: tuple[Manifest, ...]) -> str:
    """Return manifests as the text of the golden file."""
    return json.dumps(to_plain(manifests), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def digest(text: str) -> str:
    """Return a short name for a text: equal texts have equal names."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
