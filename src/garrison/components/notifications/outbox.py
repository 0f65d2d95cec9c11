"""Messages on their way out: kept until they are taken, and tried again with growing delays."""

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.files import read_json, write_json
from garrison.components.notifications.messages import Outward

log = logging.getLogger(__name__)
_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(hours=6)
GIVE_UP = timedelta(days=7)
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits. since, next: ISO 8601. tries: in vain so far. why: of the last one."""

    message: Outward
    since: str
    next: str
    tries: int = 0
    why: str = ""


class Outbox:
    """All messages that wait, oldest first, in one file."""

    def __init__(self, file: Path, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self.waiting = self._read()

    def _read(self) -> list[Waiting]:
        try:
            return [_waiting(each) for each in read_json(self._file)]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:  # the inbox and the journal have them all
            log.warning("the messages that wait could not be read: %s", error)
            return []

    def add(self, messages: Iterable[Outward]) -> list[Waiting]:
        """Take messages; return those that had to go for it, the oldest. Raises GarrisonError."""
        now = self._clock.now().isoformat()
        kept = [*self.waiting, *(Waiting(message, now, now) for message in messages)]
        gone, kept = kept[: max(0, len(kept) - _MOST)], kept[-_MOST:]
        self._keep(kept)
        return gone

    def due(self) -> list[Waiting]:
        """Return what is to be tried now."""
        now = self._clock.now()
        return [each for each in self.waiting if datetime.fromisoformat(each.next) <= now]

    def seconds(self) -> float | None:
        """Return in how many seconds something is due; None when nothing waits."""
        times = [datetime.fromisoformat(each.next) for each in self.waiting]
        return max(0.0, (min(times) - self._clock.now()).total_seconds()) if times else None

    def taken(self, done: Waiting) -> None:
        """Let go of a message that was taken, or given up. Raises GarrisonError."""
        self._keep([each for each in self.waiting if each is not done])

    def failed(self, tried: Waiting, why: str) -> bool:
        """Note that a message did not get out; return whether it is given up now. Raises GarrisonError."""
        now = self._clock.now()
        if now - datetime.fromisoformat(tried.since) >= GIVE_UP:
            self.taken(tried)
            return True
        delay = min(_FIRST * 2 ** min(tried.tries, 10), _LONGEST)
        again = Waiting(tried.message, tried.since, (now + delay).isoformat(), tried.tries + 1, why)
        self._keep([again if each is tried else each for each in self.waiting])
        return False

    def hurry(self) -> int:
        """Have everything tried now; return how many wait. Raises GarrisonError."""
        now = self._clock.now().isoformat()
        self._keep([Waiting(each.message, each.since, now, each.tries, each.why) for each in self.waiting])
        return len(self.waiting)

    def _keep(self, waiting: list[Waiting]) -> None:
        self.waiting = waiting  # also when the disk is full: then it is kept for as long as this process lives
        write_json(self._file, [asdict(each) for each in waiting])


def _waiting(plain: dict[str, Any]) -> Waiting:
    datetime.fromisoformat(plain["next"])
    datetime.fromisoformat(plain["since"])
    return Waiting(**{**plain, "message": Outward(**plain["message"])})
