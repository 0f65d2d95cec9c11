"""What became of every signature: counted without end, named up to a limit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from garrison.engine.hashes import Skipped

_MOST_NAMED = 10_000
_MOST_REASONS = 100
_WHAT_CHARS = 200
_OTHER = "another reason"


@dataclass(slots=True)
class Tally:
    """Counts of one source. read: entries in it. compiled: of them in the set. skipped: the others, by reason."""

    source: str
    read: int = 0
    compiled: int = 0
    skipped: dict[str, int] = field(default_factory=dict)

    def to_plain(self) -> dict[str, object]:
        """Return what crosses a socket."""
        return {"source": self.source, "read": self.read, "compiled": self.compiled, "skipped": dict(self.skipped)}


class Ledger:
    """The tallies of all sources. named: what was left out, 10,000 entries at most."""

    def __init__(self) -> None:
        self.named: list[Skipped] = []
        self._tallies: dict[str, Tally] = {}

    def tally(self, source: str) -> Tally:
        """Return the counts of a source, which is new or known."""
        known = self._tallies.get(source)
        if known is None:
            known = self._tallies[source] = Tally(source)
        return known

    def skip(self, tally: Tally, where: str, what: str, why: str) -> None:
        """Count an entry that was left out, and name it while there is room. where: the line, or ""."""
        reason = why if why in tally.skipped or len(tally.skipped) < _MOST_REASONS else _OTHER
        tally.skipped[reason] = tally.skipped.get(reason, 0) + 1
        if len(self.named) < _MOST_NAMED:
            place = f"{tally.source}:{where}" if where else tally.source
            self.named.append(Skipped(place, what[:_WHAT_CHARS], why))

    def tallies(self) -> tuple[Tally, ...]:
        """Return the counts of all sources, in their order."""
        return tuple(self._tallies.values())


def total(tallies: tuple[Tally, ...]) -> Mapping[str, int]:
    """Return what was skipped, by reason, over several sources."""
    reasons: dict[str, int] = {}
    for tally in tallies:
        for reason, count in tally.skipped.items():
            reasons[reason] = reasons.get(reason, 0) + count
    return reasons
