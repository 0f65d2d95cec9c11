"""What is remembered of updates from one start to the next."""

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from garrison.base.files import read_json, write_json


@dataclass(frozen=True, slots=True)
class State:
    """Times are ISO 8601, or "". checked_at: when it last became known that nothing is newer. failure: of the last try.

    is_outbreak: the publisher asked to look more often.
    """

    tried_at: str = ""
    checked_at: str = ""
    failure: str = ""
    failing_since: str = ""
    is_outbreak: bool = False


_NAMES = {each.name for each in fields(State)}


def read_state(file: Path) -> State:
    """Return what was remembered; nothing when it cannot be read."""
    try:
        plain: Any = read_json(file)
    except (OSError, ValueError):
        return State()
    return State(**plain) if isinstance(plain, dict) and plain.keys() == _NAMES else State()


def write_state(file: Path, state: State) -> None:
    """Remember it. Raises OSError."""
    write_json(file, asdict(state))


def moment(text: str) -> datetime | None:
    """Return a time that was remembered, None when there is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
