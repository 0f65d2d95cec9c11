"""What file protection remembers from one start to the next: the owner's word, a pause, and what was blocked."""

from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from garrison.base.files import read_json, write_json

MOST_BLOCKED = 500


@dataclass(frozen=True, slots=True)
class Blocked:
    """A file that somebody was kept from. at: ISO 8601. uid: whom. state: "", "asked", "allowed", "refused"."""

    id: int
    at: str
    path: str
    threat: str
    sha256: str
    uid: int
    program: str
    quarantine_id: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """confirmed: the owner wants everything watched. paused_from, paused_until: seconds of the clock, 0 for no pause.

    proof: what the last proof was: at, passed, what; {} before the first.
    """

    confirmed: bool = False
    paused_from: float = 0.0
    paused_until: float = 0.0
    proof: dict[str, Any] | None = None


class Memory:
    """Kept in a folder: state.json and blocked.json. What is damaged is forgotten: then nothing is paused."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._state_file, self._blocked_file = folder / "state.json", folder / "blocked.json"
        self.state = self._read_state()
        self.blocked = self._read_blocked()

    def change(self, **changes: Any) -> None:
        """Remember something else. Raises what writing a file raises; nothing is changed then."""
        state = replace(self.state, **changes)
        write_json(self._state_file, asdict(state))
        self.state = state

    def add(self, entry: Blocked) -> Blocked:
        """Remember a blocked file; the oldest that nobody asked for are forgotten."""
        entry = replace(entry, id=max((each.id for each in self.blocked), default=0) + 1)
        self._keep([*self.blocked, entry])
        return entry

    def set(self, entry: Blocked, state: str) -> Blocked:
        """Remember what became of one."""
        changed = replace(entry, state=state)
        self._keep([changed if each.id == entry.id else each for each in self.blocked])
        return changed

    def _keep(self, entries: list[Blocked]) -> None:
        surplus = len(entries) - MOST_BLOCKED
        if surplus > 0:
            gone = {each.id for each in [each for each in entries if each.state != "asked"][:surplus]}
            entries = [each for each in entries if each.id not in gone][-MOST_BLOCKED:]
        write_json(self._blocked_file, [asdict(each) for each in entries])
        self.blocked = entries

    def _read_state(self) -> State:
        try:
            plain = read_json(self._state_file)
            state = State(**plain)
            times = (float(state.paused_from), float(state.paused_until))
        except (OSError, ValueError, TypeError):
            return State()
        return replace(state, confirmed=state.confirmed is True, paused_from=times[0], paused_until=times[1])

    def _read_blocked(self) -> list[Blocked]:
        try:
            entries = [Blocked(**plain) for plain in read_json(self._blocked_file)]
        except (OSError, ValueError, TypeError):
            return []
        kinds = {each.name: each.type for each in fields(Blocked)}
        return [each for each in entries if all(type(getattr(each, name)) is kind for name, kind in kinds.items())]
