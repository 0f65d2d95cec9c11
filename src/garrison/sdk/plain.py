"""Values as JSON holds them, and back, with every mistake of a person named at once."""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, ValidationError

from garrison.base.errors import Invalid
from garrison.wire.manifest import Value

Model = TypeVar("Model", bound=BaseModel)


def to_plain(value: Any) -> Any:
    """Return a value as JSON holds it. Secrets are masked; paths keep undecodable bytes as surrogates (PEP 383)."""
    if isinstance(value, BaseModel):
        return {name: to_plain(getattr(value, name)) for name in type(value).model_fields}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {entry.name: to_plain(getattr(value, entry.name)) for entry in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(entry) for entry in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, SecretStr):
        return "********" if value.get_secret_value() else ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Path):
        return str(value)
    return value


def validate(model: type[Model], values: Mapping[str, Any], known: tuple[Value, ...]) -> Model:
    """Return the checked model. Raises Invalid that names every mistake."""
    kinds = {value.name: value.kind for value in known}
    mistakes: list[str] = []
    ready: dict[str, Any] = {}
    for name, value in values.items():
        try:
            ready[name] = _paths(value) if kinds.get(name) == "path" else value
        except ValueError as error:
            mistakes.append(f"{name}: {error}")
    if mistakes:
        raise Invalid("; ".join(mistakes) + ".")
    try:
        return model.model_validate(ready)
    except ValidationError as error:
        raise Invalid(_mistakes(error, tuple(kinds))) from None


def _paths(untrusted: Any) -> Any:
    """Make paths here: pydantic's own parser takes no surrogates, and names of files may be any bytes."""
    if isinstance(untrusted, list):
        return [_paths(entry) for entry in untrusted]
    if not isinstance(untrusted, str):
        return untrusted
    if "\0" in untrusted:
        raise ValueError("a path cannot hold a NUL byte")
    if not untrusted.startswith("/"):
        raise ValueError("a path must be absolute here")
    return Path(untrusted)


def _mistakes(error: ValidationError, known: tuple[str, ...]) -> str:
    lines = []
    for mistake in error.errors(include_url=False, include_input=False):
        place = ".".join(str(part) for part in mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            names = ", ".join(known) or "none"
            lines.append(f"{place}: there is no such name (known: {names})")
        elif mistake["type"] == "missing":
            lines.append(f"{place}: is required")
        else:
            lines.append(f"{place}: {_lower(mistake['msg'])}".removeprefix(": "))
    return "; ".join(lines) + "."


def _lower(sentence: str) -> str:
    sentence = sentence.removeprefix("Value error, ")
    return sentence[:1].lower() + sentence[1:]
