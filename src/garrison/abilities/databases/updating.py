"""Brings the databases up to date: from a publisher that is trusted, else from the feeds that are switched on."""

import hashlib
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from garrison import __version__
from garrison.abilities.databases import publications
from garrison.abilities.databases.compiler import ask
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.gathering import FeedOutcome, Gatherer
from garrison.abilities.databases.sets import Databases, own_rules
from garrison.abilities.fetching import Fetcher
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, read_json, write_json

_ROOM_BYTES = 512 * 1024 * 1024  # beside twice what the set in use takes
Tell = Callable[[str, int, int | None], None]  # what is done; bytes so far, and of all


@dataclass(frozen=True, slots=True)
class Updated:
    """What came of an update. failures: by source or feed, why it brought nothing. has_changed: another set is in use.

    checked: ISO 8601, when the publisher last looked for anything newer; "" when it does not say.
    """

    name: str
    source: str
    has_changed: bool
    transferred: int
    failures: Mapping[str, str] = field(default_factory=dict)
    checked: str = ""
    is_stale: bool = False
    is_outbreak: bool = False


class Updater:
    """Updates the databases; one at a time."""

    def __init__(
        self, databases: Databases, fetcher: Fetcher, gatherer: Gatherer, feeds: FeedBook, clock: Clock
    ) -> None:
        self._databases = databases
        self._fetcher = fetcher
        self._gatherer = gatherer
        self._feeds = feeds
        self._clock = clock
        self._made_from = databases.folder / "made-from.json"
        self.trust = databases.folder / "trust"

    def has_source(self, sources: Sequence[str]) -> bool:
        """Return whether there is anything to update from."""
        return bool(sources and publications.pinned(self.trust)) or any(feed.is_on for feed in self._feeds.all())

    def room_is_short(self) -> bool:
        """Return whether the disk has no room for another set."""
        return self._missing_bytes() > 0

    async def update(self, sources: Sequence[str], *, by_hand: bool, tell: Tell) -> Updated:
        """Take what is newest, and put it in use. sources: of published sets, in turn.

        Raises Unavailable when there is nothing to update from, or no room; what the sources say; Failed when what came
        cannot be used. The set in use then stays.
        """
        missing = self._missing_bytes()
        if missing > 0:
            raise Unavailable(
                "There is no room for new databases: {missing} MiB more are needed.",
                "Make room on the disk of {folder}.",
                missing=missing // 1024 // 1024 + 1,
                folder=self._databases.folder,
            )
        if sources and publications.pinned(self.trust):
            return await self._take(sources, by_hand, tell)
        if sources:
            raise Unavailable(
                "No publisher of databases is trusted yet, so nothing was taken.",
                "Trust it first: garrison databases trust {sources}",
                sources=sources[0],
            )
        feeds = [feed for feed in self._feeds.all() if feed.is_on]
        if not feeds:
            raise Unavailable(
                "There is nothing to update from.", "garrison databases list shows the feeds that can be switched on."
            )
        return await self._gather(feeds, by_hand, tell)

    async def _take(self, sources: Sequence[str], by_hand: bool, tell: Tell) -> Updated:
        fresh = self._fresh("taken")
        taken = await publications.take(
            self._fetcher,
            sources,
            self.trust,
            self._databases.current(),
            fresh,
            lambda done, total: tell("Fetching", done, total),
            by_hand=by_hand,
        )
        if taken.is_new:
            tell("Testing", 0, None)
            await self._databases.adopt(taken.folder, taken.source, taken.transferred)
        return Updated(
            name=taken.name,
            source=taken.source,
            has_changed=taken.is_new,
            transferred=taken.transferred,
            failures=dict(taken.failures or {}),
            checked=taken.checked,
            is_stale=taken.is_stale,
            is_outbreak=taken.is_outbreak,
        )

    async def _gather(self, feeds: Sequence[Feed], by_hand: bool, tell: Tell) -> Updated:
        outcomes = await self._gatherer.gather(feeds, by_hand=by_hand, tell=tell)
        failures = {outcome.feed.title: outcome.failure for outcome in outcomes if outcome.failure}
        if len(failures) == len(feeds):
            raise Unavailable(
                next(iter(failures.values())), "Is the internet there? garrison databases list tells more."
            )
        sources = self._gatherer.sources(feeds)
        wanted = _digest_of(sources)
        has_changed = bool(sources) and self._in_use() != (wanted, self._databases.name())
        if has_changed:
            tell("Compiling", 0, None)
            await self._compile(sources, outcomes)
            self._note(wanted)
        return Updated(
            name=self._databases.name(),
            source=_named(outcomes),
            has_changed=has_changed,
            transferred=sum(outcome.transferred for outcome in outcomes),
            failures=failures,
        )

    async def _compile(self, sources: Sequence[Path], outcomes: Sequence[FeedOutcome]) -> None:
        fresh, rules = self._fresh("made"), self._fresh("rules")
        try:
            rules.mkdir(mode=0o700)
            for name, text in own_rules():
                (rules / name).write_text(text, "utf-8")
            await ask(
                {
                    "sources": [str(rules), *map(str, sources)],
                    "to": str(fresh),
                    "cache": "",
                    "pua": False,
                    "unsigned": False,
                    "about": {"built": self._clock.now().isoformat(timespec="seconds")},
                }
            )
        except OSError as error:
            raise explain(error, "compile the databases") from error
        finally:
            shutil.rmtree(rules, ignore_errors=True)
        transferred = sum(outcome.transferred for outcome in outcomes)
        await self._databases.adopt(fresh, _named(outcomes), transferred)

    def _fresh(self, what: str) -> Path:
        """Return a folder that is not there yet; what a kill leaves of it goes at the next start."""
        folder = self._databases.folder / f".new-{what}"
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def _missing_bytes(self) -> int:
        try:
            used = sum(path.stat().st_size for path in self._databases.current().iterdir())
            return 2 * used + _ROOM_BYTES - shutil.disk_usage(self._databases.folder).free
        except OSError:
            return 0

    def _in_use(self) -> tuple[str, str]:
        """Return from what which set was made here last."""
        try:
            plain = read_json(self._made_from)
            return str(plain["from"]), str(plain["set"])
        except (OSError, ValueError, KeyError, TypeError):
            return "", ""

    def _note(self, wanted: str) -> None:
        try:
            write_json(self._made_from, {"from": wanted, "set": self._databases.name()})
        except OSError as error:
            raise Failed("What the databases were made from could not be written down.") from error


def _digest_of(sources: Sequence[Path]) -> str:
    """Return a digest of what a set is made from: each folder of a feed is written once, under a name of its own."""
    described = [__version__, *(str(path) for path in sources), *(repr(rule) for rule in own_rules())]
    return hashlib.sha256("\0".join(described).encode("utf-8", "surrogateescape")).hexdigest()


def _named(outcomes: Sequence[FeedOutcome]) -> str:
    return ", ".join(outcome.feed.id for outcome in outcomes if not outcome.failure)
