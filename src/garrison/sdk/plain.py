"""Values as JSON holds them, and back, with every mistake of a person named at once."""

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from garrison.base.errors import Invalid
from garrison.wire.manifest import Value

Model = TypeVar("Model", bound=BaseModel)
_MOST_ENTRIES = 10_000  # in a list, unless its field says otherwise
_LONGEST_TEXT = 64 * 1024  # likewise
_MOST_MISTAKES = 20  # named at once


def to_plain(value: Any, reveal: bool = False) -> Any:
    """Return a value as JSON holds it. Paths keep undecodable bytes as surrogates (PEP 383).

    reveal: give secrets away, for the one file that keeps them; they are masked everywhere else.
    """
    if isinstance(value, BaseModel):
        return {name: to_plain(getattr(value, name), reveal) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_plain(getattr(value, entry.name), reveal) for entry in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(entry, reveal) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(entry, reveal) for entry in value]
    if isinstance(value, SecretStr):
        return _secret(value.get_secret_value(), reveal)
    return _scalar(value)


def _secret(secret: str, reveal: bool) -> str:
    return secret if reveal or not secret else "********"


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    return value


def validate(model: type[Model], values: Mapping[str, Any], known: tuple[Value, ...]) -> Model:
    """Return the checked model. Raises Invalid that names every mistake."""
    fields = {value.name: value for value in known}
    mistakes: dict[str, str] = {}
    ready: dict[str, Any] = {}
    for name, value in values.items():
        try:
            ready[name] = _ready(name, value, fields)
        except ValueError as error:
            mistakes[name] = str(error)
    try:
        checked = model.model_validate(ready)
    except ValidationError as error:
        for place, what in _mistakes(error):
            mistakes.setdefault(place, what)
    else:
        if not mistakes:
            return checked
    raise Invalid(_sentence(mistakes))


def _sentence(mistakes: Mapping[str, str]) -> str:
    said = [f"{place}: {what}" if place else what for place, what in mistakes.items()]
    more = [f"and {len(said) - _MOST_MISTAKES} more mistakes"] if len(said) > _MOST_MISTAKES else []
    return "; ".join(said[:_MOST_MISTAKES] + more) + "."


def _ready(untrusted_name: str, untrusted: Any, fields: Mapping[str, Value]) -> Any:
    field = fields.get(untrusted_name)
    if field is None:
        raise ValueError(f"there is no such name (known: {', '.join(fields) or 'none'})")
    _check_size(untrusted, field.limits)
    return _paths(untrusted) if field.kind == "path" else untrusted


def _check_size(untrusted: Any, limits: Mapping[str, Any]) -> None:
    """Raise ValueError for what is too large to be looked at closely."""
    most = limits.get("maxItems", _MOST_ENTRIES)
    if isinstance(untrusted, list) and len(untrusted) > most:
        raise ValueError(f"at most {most:,} entries, not {len(untrusted):,}")
    longest = limits.get("maxLength", _LONGEST_TEXT)
    for text in untrusted if isinstance(untrusted, list) else (untrusted,):
        if isinstance(text, str) and len(text) > longest:
            raise ValueError(f"a text of at most {longest:,} characters, not {len(text):,}")


def _paths(untrusted: Any) -> Any:
    """Make paths here: pydantic's own parser takes no surrogates, and names of files may be any bytes."""
    if isinstance(untrusted, list):
        return [_path(entry) for entry in untrusted]
    return _path(untrusted)


def _path(untrusted: Any) -> Any:
    if not isinstance(untrusted, str):
        return untrusted
    if "\0" in untrusted:
        raise ValueError("a path cannot hold a NUL byte")
    if not untrusted.startswith("/"):
        raise ValueError("a path must be absolute here")
    return Path(untrusted)


def _mistakes(error: ValidationError) -> Iterator[tuple[str, str]]:
    for mistake in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in mistake["loc"])
        yield place, "is required" if mistake["type"] == "missing" else _lower(mistake["msg"])


def _lower(sentence: str) -> str:
    sentence = sentence.removeprefix("Value error, ")
    return sentence[:1].lower() + sentence[1:]
