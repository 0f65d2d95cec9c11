"""How thorough something is: a level, and the details that it sets."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

_WORDS = {"on": "True", "yes": "True", "true": "True", "off": "False", "no": "False", "false": "False"}


class Level(StrEnum):
    """How thorough it is. custom: a person has set the details."""

    HIGH = "high"
    RECOMMENDED = "recommended"
    LOW = "low"
    CUSTOM = "custom"


Details = Mapping[Level, Mapping[str, Any]]


def completed(details: Details, current: Callable[[str], Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that a person made to settings, with those that go with them.

    details: what each level sets. current: returns a setting as it is now. values: the changes, as yet unchecked.

    A level sets its details. A changed detail makes the setting `level` the one that has all of them, else custom.
    """
    names = details[Level.RECOMMENDED]
    named = str(values.get("level", ""))
    if named in {str(level) for level in details}:
        values = {**details[Level(named)], **values}
    if not any(name in names for name in values):
        return dict(values)
    wanted = {name: _plain(values.get(name, current(name))) for name in names}
    fitting = (level for level, each in details.items() if all(_plain(each[name]) == wanted[name] for name in each))
    return {**values, "level": next(fitting, Level.CUSTOM).value}


def _plain(value: Any) -> str:
    """Return a value in one form, whether a person wrote it or it is set already."""
    text = value.value if isinstance(value, StrEnum) else str(value)
    return _WORDS.get(text.strip().lower(), text.strip())
