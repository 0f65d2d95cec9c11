"""Forms grown from a manifest's values, and what was typed into them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from garrison.base.languages import Translator
from garrison.wire.manifest import Value

Typed = Mapping[str, Sequence[str]]  # as a browser sends a form
PREVIEW = "preview"  # where an operation takes this, its form begins with it: look first, then do
_ABSENT_WHEN_EMPTY = {"path", "place", "place-or-name", "integer", "number", "choice"}
_KINDER = (
    (r"input should be a valid integer", "This must be a whole number."),
    (r"input should be a valid number", "This must be a number."),
    (r"input should be less than or equal to (?P<high>\S+)", "At most {high}."),
    (r"input should be greater than or equal to (?P<low>\S+)", "At least {low}."),
    (r"input should be '", "This must be one of those that are offered."),
    (r"is required", "This is needed."),
    (r"string should have at most (?P<most>\d+) characters?", "At most {most} characters."),
    (r"string should have at least (?P<least>\d+) characters?", "At least {least} characters."),
)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form. shown: what stands in it (True or False for a flag). error: what is wrong with that."""

    value: Value
    shown: Any
    id: str
    hint: str = ""
    error: str = ""


def fields(
    values: Iterable[Value],
    t: Translator,
    prefix: str,
    current: Mapping[str, Any] | None = None,
    mistakes: Mapping[str, str] | None = None,
) -> list[Field]:
    """Return the fields of a form. current: plain, by name; where it has nothing, the default counts."""
    there, wrong = current or {}, mistakes or {}
    return [
        Field(
            value,
            _shown(value, there.get(value.name, True if value.name == PREVIEW else value.default)),
            f"{prefix}-{value.name}",
            _hint(value, t),
            wrong.get(value.name, ""),
        )
        for value in values
    ]


def _shown(value: Value, plain: Any) -> Any:
    if value.kind == "flag":
        return plain is True or plain == "true"
    if plain is None:
        return ""
    return "\n".join(str(entry) for entry in plain) if isinstance(plain, list | tuple) else str(plain)


def _hint(value: Value, t: Translator) -> str:
    if value.many:
        return t.text("One a line.")
    if value.kind == "secret":
        return t.text("Leave it empty to keep what is there.") if not value.required else ""
    low, high = value.limits.get("minimum"), value.limits.get("maximum")
    if low is not None and high is not None:
        return t.text("From {low} to {high}.", {"low": low, "high": high})
    return t.text("At least {low}.", {"low": low}) if low is not None else ""


def arguments(values: Iterable[Value], typed: Typed) -> dict[str, Any]:
    """Return an operation's arguments from a form; what was left empty is left out, the door checks the rest."""
    found: dict[str, Any] = {}
    for value in values:
        if value.name not in typed:
            continue
        given = plain(value, typed[value.name])
        is_left_out = given in ("", []) and not value.required
        if not is_left_out or (value.kind == "text" and not value.many and value.default not in {"", None}):
            found[value.name] = given
    return found


def changes(values: Iterable[Value], typed: Typed, current: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form of settings changes."""
    found: dict[str, Any] = {}
    for value in values:
        if value.name not in typed:
            continue
        given = plain(value, typed[value.name])
        if value.kind == "secret" and not given:
            continue
        if _on_page(_shown(value, given)) != _on_page(_shown(value, current.get(value.name))):
            found[value.name] = given
    return found


def _on_page(shown: Any) -> Any:
    """Return what a page shows: names that are no UTF-8 as escapes, which a form then sends back."""
    return shown.encode("utf-8", "backslashreplace") if isinstance(shown, str) else shown


def plain(value: Value, given: Sequence[str]) -> Any:
    """Return what was typed into a field: a list by its lines, a flag as one, anything else as text."""
    if value.many:
        return [line.strip() for entry in given for line in entry.splitlines() if line.strip()]
    last = given[-1] if given else ""
    if value.kind == "flag":
        return last == "true"
    if value.kind in _ABSENT_WHEN_EMPTY:
        return last.strip()
    return last


def mistakes(sentence: str, values: Iterable[Value], t: Translator) -> dict[str, str]:
    """Return the mistakes by field in the sentence of an Invalid: "name: what; name: what."."""
    names = "|".join(re.escape(value.name) for value in values)
    if not names:
        return {}
    parts = re.split(rf"(?:^|; )({names})(?:\.\d+)?: ", sentence)
    found: dict[str, str] = {}
    for name, what in zip(parts[1::2], parts[2::2], strict=True):
        said = what.rstrip(".")
        found.setdefault(name, _kindly(said, t))
    return found


def _kindly(said: str, t: Translator) -> str:
    """Return what is wrong in words for people, where the checking library has its own."""
    for pattern, text in _KINDER:
        match = re.match(pattern, said, re.IGNORECASE)
        if match:
            return t.text(text, match.groupdict())
    return t.original(said[:1].upper() + said[1:] + ".")
