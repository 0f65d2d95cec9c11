"""Keeps the feeds: what each was when it last came whole, and what is new of it."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from garrison.abilities.databases.accepting import answered, request_for
from garrison.abilities.databases.compiler import do
from garrison.abilities.databases.feeds.feed import Accepted, Came, Feed, File
from garrison.abilities.databases.feeds.headers import Header, header_for, header_of, keep_header
from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.abilities.databases.sets import Databases
from garrison.abilities.fetching import Fetcher, Got, Wanted
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError
from garrison.base.files import explain, read_json, sweep, write_json
from garrison.engine.signatures.proofs import Trust

COMPONENT, PURPOSE = "updates", "databases"  # who asks, and for what, in the ledger of outgoing data
_MOST_ROUNDS = 40
Tell = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class FeedState:
    """What is kept of a feed. files: its folder, None before it came. about: for people. Times are ISO 8601, or "".

    marks: by name of a file, what its server said of it (ETag and time). digest: of what is in the folder.
    """

    files: Path | None = None
    marks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    checked_at: str = ""
    changed_at: str = ""
    failure: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What became of a feed. failure: "" or why it could not be brought up to date; what was there then stays."""

    feed: Feed
    has_changed: bool
    transferred: int
    failure: str = ""


class Gatherer:
    """Brings feeds up to date. trust: who signs ClamAV's databases."""

    def __init__(self, databases: Databases, fetcher: Fetcher, clock: Clock, trust: Trust | None = None) -> None:
        self._folder = databases.folder / "feeds"
        self._fetcher = fetcher
        self._clock = clock
        self._trust = trust or Trust()
        for home in self._folder.glob("*"):
            _sweep(home)

    async def gather(
        self, feeds: Iterable[Feed], *, by_hand: bool = False, tell: Tell | None = None
    ) -> list[FeedOutcome]:
        """Bring each feed up to date; one that fails keeps none of the others back."""
        return [await self._gather(feed, by_hand, tell) for feed in feeds]

    def sources(self, feeds: Iterable[Feed]) -> list[Path]:
        """Return the folders of signatures that these feeds brought."""
        states = [self.state(feed) for feed in feeds if KINDS[feed.kind].compiles]
        return [state.files for state in states if state.files is not None]

    def state(self, feed: Feed) -> FeedState:
        """Return what is kept of a feed; nothing when it cannot be read, or was fetched from elsewhere."""
        try:
            plain: Any = read_json(self._home(feed) / "state.json")
            files = self._home(feed) / plain["files"] if plain["files"] else None
            if plain["address"] != feed.address or (files is not None and not files.is_dir()):
                return FeedState(checked_at=plain["checked_at"], failure=plain["failure"])
            marks = {name: (str(etag), str(modified)) for name, (etag, modified) in plain["marks"].items()}
            times = plain["checked_at"], plain["changed_at"]
            return FeedState(files, marks, plain["about"], *times, plain["failure"], plain.get("digest", ""))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return FeedState()

    def forget(self, feed: Feed) -> None:
        """Remove what is kept of a feed."""
        shutil.rmtree(self._home(feed), ignore_errors=True)

    def keep_header(self, feed: Feed, header: Header) -> None:
        """Send a header with the requests for a feed. Raises Invalid, and what `explain` makes of an OSError."""
        keep_header(self._home(feed), feed, header)

    def header(self, feed: Feed) -> str:
        """Return the name of the header that is sent for a feed, "" for none."""
        header = header_of(self._home(feed), feed)
        return header.name if header is not None else ""

    def _home(self, feed: Feed) -> Path:
        return self._folder / feed.id

    async def _gather(self, feed: Feed, by_hand: bool, tell: Tell | None) -> FeedOutcome:
        state = self.state(feed)
        try:
            self._home(feed).mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._fetcher.spool() as spool:
                visit = _Visit(feed, state, spool, self._home(feed))
                accepted = await self._rounds(visit, by_hand, tell)
                if accepted is not None and accepted.digest == state.digest:
                    state, accepted = replace(state, marks=visit.marks), None  # it came, and is what it was
                if accepted is not None:
                    self._keep(visit, accepted)
        except (GarrisonError, OSError) as error:
            told = error if isinstance(error, GarrisonError) else explain(error, "keep {title}", title=feed.title)
            self._note(feed, state, failure=f"{told.text} {told.hint}".strip())
            return FeedOutcome(feed, has_changed=False, transferred=0, failure=told.text)
        if accepted is None:
            shutil.rmtree(visit.to, ignore_errors=True)
            self._note(feed, state)
        return FeedOutcome(feed, accepted is not None, visit.transferred)

    async def _rounds(self, visit: "_Visit", by_hand: bool, tell: Tell | None) -> Accepted | None:
        """Fetch until nothing more is wanted; return what was accepted, None when nothing came."""
        kind = KINDS[visit.feed.kind]
        wanted = kind.first(visit.feed, visit.kept)
        for _ in range(_MOST_ROUNDS):
            asked = [visit.wanted(file) for file in wanted]
            progress = None if tell is None else _telling(tell, visit.feed.title)
            got = await self._fetcher.get(
                asked, visit.spool, component=COMPONENT, purpose=PURPOSE, progress=progress, by_hand=by_hand
            )
            visit.take(wanted, got, format_datetime(self._clock.now(), usegmt=True))
            if not visit.has_something and not _is_optional(wanted):
                return None
            answer = await do(request_for(visit.came(), visit.fresh(), self._trust))
            accepted = answered(answer)
            if not accepted.more:
                return accepted if visit.has_something else None
            wanted = accepted.more
        raise Failed("{title} wants too much at once.", "It goes on with the next update.", title=visit.feed.title)

    def _keep(self, visit: "_Visit", accepted: Accepted) -> None:
        """Put what was accepted in the place of what was, in one step."""
        target = Path(tempfile.mkdtemp(prefix="files-", dir=visit.home))
        visit.to.replace(target)
        now = self._clock.now().isoformat(timespec="seconds")
        self._write(visit.feed, FeedState(target, visit.marks, accepted.about, now, now, digest=accepted.digest))
        for old in visit.home.glob("files-*"):
            if old != target:
                shutil.rmtree(old, ignore_errors=True)

    def _note(self, feed: Feed, state: FeedState, failure: str = "") -> None:
        """Write down that a feed was looked for."""
        now = self._clock.now().isoformat(timespec="seconds")
        try:
            self._write(feed, replace(state, checked_at=now, failure=failure))
        except GarrisonError:
            return  # the disk is full or gone: that is told by what failed before

    def _write(self, feed: Feed, state: FeedState) -> None:
        plain = {
            "address": feed.address,
            "files": state.files.name if state.files is not None else "",
            "marks": {name: list(mark) for name, mark in state.marks.items()},
            "about": dict(state.about),
            "checked_at": state.checked_at,
            "changed_at": state.changed_at,
            "failure": state.failure,
            "digest": state.digest,
        }
        write_json(self._home(feed) / "state.json", plain)


class _Visit:
    """One feed being brought up to date. marks: what the server said of each file; to: what was accepted last."""

    def __init__(self, feed: Feed, state: FeedState, spool: Path, home: Path) -> None:
        self.feed = feed
        self.spool = spool
        self.home = home
        self.kept = state.files or home / "nothing"
        self.marks = dict(state.marks) if state.files is not None else {}
        self.has_something = False
        self.transferred = 0
        self.to = home / ".new"
        self._tried: set[str] = set()

    def wanted(self, file: File) -> Wanted:
        """Return a file as the fetcher wants it."""
        etag, modified = self.marks.get(file.name, ("", ""))
        header = header_for(self.home, self.feed, file.address)
        return Wanted(file.address, file.name, file.most_bytes, etag, modified, self.feed.hosts, header)

    def take(self, wanted: Iterable[File], got: Iterable[Got], now: str) -> None:
        """Take up what came. Raises Failed when something that is needed did not."""
        for file, each in zip(wanted, got, strict=True):
            self._tried.add(file.name)
            self.transferred += each.transferred
            if each.failure and not file.is_optional:
                raise Failed("{title} could not be fetched: {failure}", title=self.feed.title, failure=each.failure)
            if each.path is not None:
                self.has_something = True
                other = KINDS[self.feed.kind].stands_for(file.name)
                if other == file.name:
                    self.marks[other] = (each.etag, each.modified)
                elif other in self.marks:
                    self.marks[other] = ("", now)

    def came(self) -> Came:
        """Return what there is to look at."""
        return Came(self.feed, self.spool, frozenset(self._tried), self.kept)

    def fresh(self) -> Path:
        """Return a folder that is not there yet, for what is accepted."""
        shutil.rmtree(self.to, ignore_errors=True)
        return self.to


def _sweep(home: Path) -> None:
    """Remove what a kill left of a feed beside what it is."""
    try:
        kept = read_json(home / "state.json")["files"]
    except (OSError, ValueError, KeyError, TypeError):
        kept = ""
    sweep(home)
    for left in home.glob("*"):
        if left.name == ".new" or (left.name.startswith("files-") and left.name != kept):
            shutil.rmtree(left, ignore_errors=True)


def _is_optional(wanted: Iterable[File]) -> bool:
    return any(file.is_optional for file in wanted)


def _telling(tell: Tell, title: str) -> Callable[[int, int | None], None]:
    return lambda done, total: tell(title, done, total)
