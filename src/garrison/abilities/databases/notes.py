"""What is remembered of the sets that were taken into use."""

from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from garrison.base.files import read_json, write_json

_MOST_NOTES = 200


@dataclass(frozen=True, slots=True)
class SetNote:
    """One set taken into use. created, adopted_at: ISO 8601. source: for people. counts: signatures by file."""

    name: str
    created: str
    source: str
    signatures: int
    adopted_at: str
    transferred_bytes: int = 0
    counts: dict[str, int] = field(default_factory=dict)


_NAMES = {each.name for each in fields(SetNote)}


class Notes:
    """The file of notes. What in it cannot be read is forgotten: it is only for people."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def all(self) -> list[SetNote]:
        """Return the notes, the last one first."""
        found = self._read().get("sets")
        if not isinstance(found, list):
            return []
        return [SetNote(**plain) for plain in reversed(found) if isinstance(plain, dict) and plain.keys() == _NAMES]

    def add(self, note: SetNote) -> None:
        """Write one more. Raises what `explain` makes of an OSError."""
        kept = [asdict(each) for each in reversed(self.all()[: _MOST_NOTES - 1])]
        write_json(self._file, self._read() | {"sets": [*kept, asdict(note)]})

    def take_back(self, note: SetNote) -> None:
        """Forget the note that was written last, if it is this one. Raises what `explain` makes of an OSError."""
        kept = self.all()
        if kept and kept[0] == note:
            write_json(self._file, self._read() | {"sets": [asdict(each) for each in reversed(kept[1:])]})

    def held_until(self) -> datetime | None:
        """Return until when the set in use is to stay, None when nothing was said."""
        try:
            return datetime.fromisoformat(self._read()["held_until"])
        except (KeyError, TypeError, ValueError):
            return None

    def hold(self, until: datetime | None) -> None:
        """Write down until when. Raises what `explain` makes of an OSError."""
        write_json(self._file, self._read() | {"held_until": until.isoformat() if until is not None else ""})

    def _read(self) -> dict[str, Any]:
        try:
            plain = read_json(self._file)
        except (OSError, ValueError):
            return {}
        return plain if isinstance(plain, dict) else {}
