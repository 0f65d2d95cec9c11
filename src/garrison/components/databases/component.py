"""The databases component: what the scanner knows, where it comes from; compiled, tested, described."""

import asyncio
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated

from garrison import sdk
from garrison.abilities.databases import Databases, check_folder, name_of, publications
from garrison.abilities.databases.compiler import Compiler
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.defaults import DEFAULTS
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.feeds.headers import check_safe, parse_header
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.notes import SetNote
from garrison.abilities.databases.updating import Updater
from garrison.abilities.fetching import Fetcher
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError, Invalid, Refused
from garrison.base.files import read_json
from garrison.base.text import printable
from garrison.components.databases.naming import id_of, kind_of, shown
from garrison.components.databases.results import (
    Compiled,
    FeedAdded,
    FeedChanged,
    FeedDropped,
    FeedKind,
    FeedRow,
    HistoryRow,
    SetInfo,
    SetTested,
)
from garrison.components.databases.trusting import PublisherTrusted, TrustResult, compare, find_root
from garrison.wire.addresses import parse_address

_MOST_SOURCES = 1000
_ROLLBACK = "rollback"
_KNOWN = frozenset(feed.address for feed in DEFAULTS)
_NEXT_UPDATE = "It comes with the next update."
_MISSING = "There is no such file now: each update looks for it."
_WITHOUT = "The next update leaves it out."
_NO_UPDATE = "No feed is used now. What the feeds brought stays, unless you go back: garrison rollback --to built-in"
Rows = list[FeedRow]  # in the class, `list` is an operation
History = list[HistoryRow]
Sources = list[Path]


class DatabasesComponent(sdk.Component[sdk.Settings]):
    """Holds what the scanner knows: signatures, digests and rules."""

    id = "databases"
    title = "Databases"
    feature = sdk.Feature.CORE
    events = (FeedAdded, FeedDropped, PublisherTrusted)
    default_operation = "info"

    def __init__(  # one for each ability that it shows
        self,
        host: sdk.Host,
        settings: sdk.Settings,
        databases: Databases,
        compiler: Compiler,
        book: FeedBook,
        gatherer: Gatherer,
        clock: Clock,
        fetcher: Fetcher,
        updater: Updater,
    ) -> None:
        super().__init__(host, settings)
        self._databases = databases
        self._compiler = compiler
        self._book = book
        self._gatherer = gatherer
        self._clock = clock
        self._fetcher = fetcher
        self._updater = updater

    @sdk.task("Compile databases")
    async def compile(
        self,
        job: sdk.Job,
        sources: Annotated[
            Sources, sdk.about("Files and folders of signatures", min_length=1, max_length=_MOST_SOURCES)
        ],
        to: Annotated[Path | None, sdk.about("The folder to write the set to")] = None,
        pua: Annotated[bool, sdk.about("Take signatures on unwanted programs too")] = False,
        unsigned: Annotated[bool, sdk.about("Take containers without a valid signature too")] = False,
    ) -> Compiled:
        """Compile signatures of ClamAV's formats, YARA rules and lists of digests into one set."""
        _owner_only(job.caller)
        if to is None:
            raise Invalid("No folder was named for the set.", "Name one: --to DIR")
        made = await self._compiler.compile(sources, to, pua=pua, unsigned=unsigned)
        return Compiled(folder=str(made.folder), **made.report)

    @sdk.action("About the databases", access=sdk.Access.VIEW)
    def info(
        self,
        caller: sdk.Caller,
        folder: Annotated[Path | None, sdk.about("Another set than the one in use")] = None,
    ) -> SetInfo:
        """Say what is in a set of databases, and when it was built."""
        where = self._where(folder, caller)
        note = self._came(where.name) if folder is None else None
        try:
            plain = read_json(where / "set.json")
            created = plain["about"].get("built", "")
            return SetInfo(
                folder=str(where),
                name=where.name,
                set=name_of(where),
                created=created,
                age_hours=_hours(created, self._clock.now()),
                signatures=sum(plain.get("counts", {}).values()),
                source=note.source if note is not None else "",
                transferred_bytes=note.transferred_bytes if note is not None else None,
                about=plain["about"],
                rules=plain["rules"],
                hashes=plain["hashes"],
                counts=plain.get("counts", {}),
                bytes=sum(file["bytes"] for file in plain["files"].values()),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Failed("{where} is no set of databases.", where=printable(str(where))) from error

    @sdk.task("Test databases")
    async def test(
        self,
        job: sdk.Job,
        folder: Annotated[Path | None, sdk.about("Another set than the one in use")] = None,
    ) -> SetTested:
        """Read every file of a set, and compare it with what it was when it was built."""
        where = self._where(folder, job.caller)
        try:
            await asyncio.to_thread(check_folder, where)
        except GarrisonError as error:
            return SetTested(folder=str(where), passed=False, why=error.text)
        return SetTested(folder=str(where), passed=True, why="")

    @sdk.action("History of the databases", access=sdk.Access.VIEW)
    def history(self) -> History:
        """List the sets that were taken into use, the last one first, and what changed with each."""
        notes = self._databases.history()
        before: list[SetNote | None] = [*notes[1:], None]
        return [_history_row(*pair) for pair in zip(notes, before, strict=True)]

    @sdk.action("Use a feed", access=sdk.Access.CONFIGURE)
    async def add(
        self,
        address: Annotated[
            sdk.PlaceOrName,
            sdk.about("Its address, file or folder; or the name of a feed from the list", max_length=4096),
        ],
        caller: sdk.Caller,
        id: Annotated[
            str, sdk.about("What it is to be called; one from the list: where it comes from", max_length=40)
        ] = "",
        kind: Annotated[FeedKind | None, sdk.about("What it brings, unless the address tells")] = None,
        title: Annotated[str, sdk.about("What to call it to people", max_length=200)] = "",
        agree: Annotated[bool, sdk.about("Agree to its licence and terms")] = False,
        header: Annotated[
            sdk.Secret | None, sdk.about("A header that its server wants with requests, as NAME: VALUE")
        ] = None,
    ) -> FeedChanged:
        """Take signatures from a feed from now on: one that Garrison knows, or one of your own."""
        _owner_only(caller)
        private = parse_header(header.get_secret_value()) if header is not None else None
        known = {feed.id: feed for feed in self._book.all()}
        ours = known.get(id or address)
        if ours is not None and ours.is_ours:
            _agreed(ours, agree=agree)
        if ours is None or id:
            wanted = kind or (FeedKind(ours.kind) if ours is not None else kind_of(address))
            name = id or id_of(address, known)
            feed = Feed(name, wanted.value, address, printable(title) or name)
        else:
            feed = ours
        if private is not None:
            check_safe(feed.address)
        feed = self._book.add(feed) if feed is not ours else self._book.switch(feed.id, is_on=True)
        if private is not None:
            self._gatherer.keep_header(feed, private)
        parsed = parse_address(feed.address)
        if not parsed.is_file:  # who names a server agrees that it is asked
            await self.host.call("suite.consent-give", caller, purpose="updates.databases")
        self.host.report(FeedAdded(feed=feed.id, address=shown(feed.address, _KNOWN), uid=caller.uid), caller.uid)
        is_missing = parsed.is_file and not await asyncio.to_thread(Path(parsed.text).exists)
        following = _MISSING if is_missing else _NEXT_UPDATE
        return FeedChanged(what="Used from now on", id=feed.id, title=feed.title, next=following)

    @sdk.task("Trust a publisher", access=sdk.Access.CONFIGURE)
    async def trust(
        self,
        job: sdk.Job,
        address: Annotated[sdk.Place, sdk.about("Where it serves its databases, or its folder", max_length=4096)],
        root: Annotated[Path | None, sdk.about("Its root file, if you were given it")] = None,
        fingerprint: Annotated[
            str, sdk.about("The root's fingerprint, as the publisher told you", max_length=200)
        ] = "",
    ) -> TrustResult:
        """Take the databases that a publisher signed from now on; its root is shown first, or given."""
        _owner_only(job.caller)
        found = await find_root(self._fetcher, address, root)
        if root is None:
            compare(found, fingerprint)
        await asyncio.to_thread(publications.pin, self._updater.trust, found.content)
        await self.host.call("updates.use", job.caller, source=address)
        self.host.report(PublisherTrusted(address=_shown(address), fingerprint=found.fingerprint, uid=job.caller.uid))
        return TrustResult(address=_shown(address), fingerprint=found.fingerprint)

    @sdk.action("Use a feed no longer", access=sdk.Access.CONFIGURE)
    def switch_off(
        self, id: Annotated[str, sdk.about("Its name, as list shows it", max_length=40)], caller: sdk.Caller
    ) -> FeedChanged:
        """Take nothing from a feed any more; it stays in the list."""
        _owner_only(caller)
        return self._dropped(self._book.switch(id, is_on=False), "Switched off", caller)

    @sdk.action("Remove a feed", access=sdk.Access.CONFIGURE)
    def remove(
        self, id: Annotated[str, sdk.about("Its name, as list shows it", max_length=40)], caller: sdk.Caller
    ) -> FeedChanged:
        """Forget a feed of your own, and what came from it; one that Garrison knows is as at first, and off."""
        _owner_only(caller)
        feed = self._book.remove(id)
        self._gatherer.forget(feed)
        return self._dropped(feed, "Removed", caller)

    @sdk.action("Feeds", access=sdk.Access.VIEW)
    def list(self) -> Rows:
        """List where signatures can come from, what each publisher asks for, and how it went the last time."""
        return [self._row(feed) for feed in self._book.all()]

    def _row(self, feed: Feed) -> FeedRow:
        state, header = self._gatherer.state(feed), self._gatherer.header(feed)
        return FeedRow(
            id=feed.id,
            kind=feed.kind,
            on=feed.is_on,
            title=feed.title,
            checked=state.checked_at,
            failure=state.failure,
            licence=feed.licence,
            terms=feed.terms,
            address=shown(feed.address, _KNOWN),
            changed=state.changed_at,
            details={**state.about, **({"header": header} if header else {})},
        )

    def _dropped(self, feed: Feed, what: str, caller: sdk.Caller) -> FeedChanged:
        self.host.report(FeedDropped(feed=feed.id, uid=caller.uid), caller.uid)
        is_last = not any(other.is_on for other in self._book.all())
        return FeedChanged(what=what, id=feed.id, title=feed.title, next=_NO_UPDATE if is_last else _WITHOUT)

    def _came(self, name: str) -> SetNote | None:
        """Return what is noted of how a set came; going back to it is no coming."""
        notes = [note for note in self._databases.history() if note.name == name]
        return next((note for note in notes if note.source != _ROLLBACK), notes[0] if notes else None)

    def _where(self, folder: Path | None, caller: sdk.Caller) -> Path:
        if folder is None:
            return self._databases.current()
        _owner_only(caller)
        return folder


def _owner_only(caller: sdk.Caller) -> None:
    """Refuse an account for which the suite would touch files that are not its own. Raises Refused."""
    if caller.uid not in {0, os.geteuid()}:
        raise Refused(
            "Only the owner of this suite may choose its databases.",
            "Start a suite of your own: garrison start",
        )


def _agreed(feed: Feed, *, agree: bool) -> None:
    """Make sure that whoever switches one of ours on knows what its publisher asks for. Raises Refused."""
    if not agree:
        raise Refused(
            "{title} asks you to agree. Licence: {licence}. Terms: {terms}.",
            "If you agree to them, say so: --agree",
            title=feed.title,
            licence=feed.licence,
            terms=feed.terms,
        )


def _shown(address: str) -> str:
    """Return an address without the sign-in that may be in it."""
    try:
        return parse_address(address).text
    except Invalid:
        return ""


def _hours(created: str, now: datetime) -> float | None:
    try:
        return round((now - datetime.fromisoformat(created)).total_seconds() / 3600, 2)
    except (ValueError, TypeError):
        return None


def _history_row(note: SetNote, before: SetNote | None) -> HistoryRow:
    counts = before.counts if before is not None else {}
    names = sorted({*note.counts, *counts})
    changes = {name: note.counts.get(name, 0) - counts.get(name, 0) for name in names}
    return HistoryRow(
        at=note.adopted_at,
        set=note.name,
        source=note.source,
        signatures=note.signatures,
        change=f"{note.signatures - before.signatures:+,}" if before is not None else "",
        transferred_bytes=note.transferred_bytes,
        details={name: change for name, change in changes.items() if change},
    )
