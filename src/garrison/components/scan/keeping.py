"""Keeps on disk how far scans of files are, so that they outlive a pause, a restart and a power cut."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Self

from garrison.abilities.checkpoints import Spot, Track
from garrison.abilities.response import Action
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.components.scan.run import Area, Run
from garrison.components.scan.settings import Kind
from garrison.sdk import Caller

_EVERY_SECONDS = 2.0
_SHARE, _SHARE_IN_A_HURRY = 20, 2  # of the time, at most, is spent writing
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A scan as it is kept. left_out: masks, names and hashes. seconds: taken so far. databases: the set in use.

    by_itself: whether it was not begun by a person. kind: what settings it goes by. paused: whether somebody wanted it
    to wait. began: ISO 8601.
    """

    id: int
    title: str
    caller: tuple[int, int, tuple[int, ...]]
    wanted: str
    left_out: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]
    every: bool
    areas: tuple[str, ...]
    roots: tuple[str, ...]
    databases: str
    by_itself: bool
    began: str
    kind: Kind = Kind.USUAL
    paused: bool = False
    seconds: float = 0.0
    spot: dict[str, Any] = field(default_factory=dict)
    progress: tuple[int, int, int] = (0, 0, 0)
    gathered: dict[str, Any] = field(default_factory=dict)

    @property
    def owner(self) -> int:
        """The account that scans."""
        return self.caller[0]

    @property
    def is_of_background(self) -> bool:
        """Whether the component that scans in the background goes on with it, when there is time for that."""
        return self.by_itself and self.kind is Kind.BACKGROUND

    @property
    def threats(self) -> int:
        """How many threats were found so far."""
        lists = [self.gathered.get(name, {}) for name in ("findings", "running")]
        return sum(len(some.get("rows", ())) + some.get("more", 0) for some in lists)

    @property
    def asker(self) -> Caller:
        """Who scans."""
        uid, gid, groups = self.caller
        return Caller(uid, gid, groups)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read it. Raises OSError, ValueError, TypeError, KeyError for what is not there, or damaged."""
        plain = {"kind": Kind.USUAL.value, **read_json(path)}
        uid, gid, groups = plain["caller"]
        plain["caller"] = (int(uid), int(gid), tuple(int(group) for group in groups))
        plain["left_out"] = tuple(tuple(map(str, some)) for some in plain["left_out"])
        plain["areas"], plain["roots"] = tuple(map(Area, plain["areas"])), tuple(map(str, plain["roots"]))
        plain["progress"] = tuple(map(int, plain["progress"]))
        if plain.keys() != {each.name for each in fields(cls)} or len(plain["left_out"]) != len(plain["progress"]):
            raise ValueError("this is no scan")
        plain["kind"] = Kind(plain["kind"])
        Action(plain["wanted"])
        if plain["spot"]:
            Spot.from_plain(plain["spot"])
        return cls(**plain)


def _do_nothing() -> None:
    """Interrupt nothing: what is under way stops by itself."""


class Keeping:
    """One scan under way, and its file. track: how far it is. ended: when it is over, or waits."""

    def __init__(self, path: Path, kept: Kept, run: Run) -> None:
        self._path = path
        self.kept = kept
        self._run = run
        self._began = time.monotonic()
        self._before = kept.seconds
        self.track = Track(Spot.from_plain(kept.spot) if kept.spot else None)
        self.track.moved = self.moved
        self.ended = asyncio.Event()
        self._next = self._soonest = 0.0  # the first at once
        self._handled = run.gathered.handled
        self._interrupt: Callable[[], object] = _do_nothing
        self._before_part: Kept | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken, pauses left out."""
        return self._before + time.monotonic() - self._began

    def now(self, paused: bool = False) -> Kept:
        """Return how it stands."""
        progress, (judged, known, size) = self._run.progress, self.track.ahead()
        values = {each.name: getattr(self.kept, each.name) for each in fields(Kept)} | {
            "paused": paused,
            "seconds": round(self.seconds, 3),
            "spot": self.track.spot().plain(),
            "progress": (
                progress.done - judged - known,
                progress.unchanged - known,
                progress.unchanged_bytes - size,
            ),
            "gathered": self._run.gathered.plain(),
        }
        return Kept(**values)

    def save(self, paused: bool = False) -> None:
        """Write it down. A full disk ends no scan: it only cannot go on after a restart."""
        self.kept = self.now(paused)
        self._write()

    def _write(self) -> None:
        try:
            write_json(self._path, asdict(self.kept))
        except GarrisonError as error:
            log.warning("how far a scan is could not be kept: %s", error.text)

    def cut(self, paused: bool) -> None:
        """Write down that it is to go on later: from where it is, or from before the part that it was in."""
        if self._before_part is None:
            self.save(paused)
        else:
            self.kept = replace(self._before_part, paused=paused, seconds=round(self.seconds, 3))
            self._write()

    def stop(self) -> None:
        """Have it wait: nothing new is begun, and what does not lead from file to file is given up."""
        self.track.is_stopping = True
        self._interrupt()

    async def unless_stopped(self, work: Coroutine[Any, Any, None], before: Kept) -> bool:
        """Do a part of the scan that cannot wait in its midst; return False when it is to wait.

        before: where it is to go on when this part does not come to its end.
        """
        self._before_part = before
        async with asyncio.TaskGroup() as group:
            part = group.create_task(work)
            self._interrupt = part.cancel
        self._interrupt = _do_nothing
        if part.cancelled() or self.track.is_stopping:
            return False
        self._before_part = None
        return True

    def remove(self) -> None:
        """Forget it."""
        with contextlib.suppress(OSError):
            os.unlink(self._path)

    def moved(self) -> None:
        """Write it down every few seconds, more seldom where there is much to write; soon after a threat was moved.

        That one would not be found again where it was.
        """
        began, handled = time.monotonic(), self._run.gathered.handled
        if began >= (self._next if handled == self._handled else self._soonest):
            self.save()
            self._handled = handled
            ended = time.monotonic()
            self._soonest = ended + _SHARE_IN_A_HURRY * (ended - began)
            self._next = ended + max(_EVERY_SECONDS, _SHARE * (ended - began))


class Checkpoints:
    """The scans that are under way or wait to go on. folder: of ours."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self.running: dict[int, Keeping] = {}
        self.claimed: set[int] = set()  # that somebody is about to go on with
        self._last = 0

    def number(self) -> int:
        """Return a number for a new scan."""
        self._last = max([self._last, *self.running, *self._numbers()]) + 1
        return self._last

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob("*.json") if path.stem.isdigit())

    def waiting(self) -> list[Kept]:
        """Return the scans that wait to go on, oldest first; what is damaged is taken away."""
        found = []
        for number in self._numbers():
            if number in self.running or number in self.claimed:
                continue
            try:
                found.append(Kept.read(self._path(number)))
            except (ValueError, TypeError, KeyError) as error:
                log.warning("scan %d cannot go on, its file is damaged: %s", number, error)
                self._path(number).unlink(missing_ok=True)
            except OSError as error:
                log.warning("scan %d cannot go on: %s", number, error)
        return found

    def forget(self, number: int) -> None:
        """Give up a scan that waits."""
        self._path(number).unlink(missing_ok=True)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number}.json"

    @contextmanager
    def follow(self, kept: Kept, run: Run) -> Iterator[Keeping]:
        """Keep a scan on disk while the block lasts; what becomes of the file then is for the block to say."""
        keeping = Keeping(self._path(kept.id), kept, run)
        self.running[kept.id] = keeping
        try:
            yield keeping
        finally:
            del self.running[kept.id]
            keeping.ended.set()
