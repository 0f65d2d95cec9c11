"""The journal: everything that happened, each row chained to the one before, the last one sealed.

It keeps within limits of age and size by having its oldest rows cut off (see journal_cut). A checkpoint then holds the
chain of the last row that was cut, the seal authenticates it, and a row of the journal (JournalCut) tells of it.
"""

import os
from typing import Any, ClassVar

from garrison.base.clock import Clock
from garrison.daemon.journal_cut import Retention
from garrison.daemon.reports.query import Query, Row
from garrison.daemon.reports.search import Search
from garrison.daemon.seal import Sealed, SealKey, link
from garrison.daemon.shortened import shortened
from garrison.daemon.store import Store
from garrison.sdk import Event, Severity
from garrison.sdk.plain import to_plain
from garrison.wire.manifest import SUITE


class JournalSealed(Event):
    """The first seal was set."""

    says: ClassVar[str] = "The journal is sealed from here on; the {rows} rows before are chained only"
    rows: int


class SealBroken(Event):
    """The seal was not genuine when the suite began: somebody else wrote the journal's end, or its key was changed."""

    says: ClassVar[str] = "The journal was changed while Garrison did not run: {why}"
    severity: ClassVar[Severity] = Severity.CRITICAL
    why: str
    head: int
    cut: int


class Journal:
    """Appends and reads rows. retention: cuts off what is too much."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Open it. Raises Failed when its key cannot be read or made."""
        self.store = store
        self.clock = clock
        # Not the chain of the last row that is there: what follows must not hide that one is missing.
        self.sealed, self._mac, self._key_name = read_sealed(store)
        self.key = SealKey(store.path.parent, self.sealed, self._mac)
        self._is_settled = False
        self.retention = Retention(self)

    def append(self, component: str, event: Event, owner: int) -> None:
        """Add what happened. Raises Failed when the disk does not take it."""
        self.settle()
        self.add(component, event, owner)
        self.retention.look()

    def settle(self) -> None:
        """See that the seal is genuine before another is put on top of it. Raises Failed."""
        if self._is_settled:
            return
        self._is_settled = True
        try:
            why = self._why_broken()
            if why:
                told = SealBroken(why=why, head=self.sealed.event, cut=self.sealed.cut_event)
                self.add(SUITE, told, os.geteuid(), is_of_break=True)
            elif not self._mac and self.sealed.event:
                self.add(SUITE, JournalSealed(rows=self.sealed.event), os.geteuid())
        except BaseException:
            self._is_settled = False
            raise

    @property
    def is_unsealed(self) -> bool:
        """Whether nothing was ever sealed, as in a journal of an older release."""
        return not self._mac and self.key.is_new and bool(self.sealed.event) and not self._is_settled

    def _why_broken(self) -> str:
        if not self._mac:  # nothing was sealed yet: only of a journal that has no key yet is that true
            return "" if self.key.is_new or self.store.set_aside else "its seal is missing"
        if self.key.is_genuine(self.sealed, self._mac):
            return ""
        if self.key.is_new:
            return "its key is missing"
        return "its end or its checkpoint is another" if self._key_name == self.key.name else "its key is another"

    def add(self, component: str, event: Event, owner: int, is_of_break: bool = False) -> None:
        """Add a row and seal it, whatever the limits say. Raises Failed."""
        at = self.clock.now().isoformat(timespec="milliseconds")
        details = shortened(to_plain(event))
        row = (at, component, type(event).__name__, event.severity.value, owner, event.says, details)
        chain = link(self.sealed.chain, row)
        self.key.write()
        with self.store.all_or_nothing():
            new = self.store.write(
                "INSERT INTO event (at, component, name, severity, owner, says, details, chain)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, chain),
            )
            sealed = self.sealed.with_head(new, chain)
            if is_of_break and not sealed.broken:
                sealed = sealed.with_break(new)
            self.seal(sealed)
        self.sealed = sealed
        self.key.confirm()

    def seal(self, sealed: Sealed) -> None:
        """Write a seal down, within a change."""
        self.store.write(
            "INSERT OR REPLACE INTO seal (one, mac, key, since, broken) VALUES (1, ?, ?, ?, ?)",
            (self.key.mac(sealed), self.key.name, sealed.since, sealed.broken),
        )

    def rows(self, query: Query) -> list[Row]:
        """Return the rows that a query asks for."""
        return Search(self.store.connection, query, seconds=None).page().rows

    def cut_rows(self) -> int:
        """Return how many rows were cut off in all."""
        return self.sealed.cut


def read_sealed(store: Store) -> tuple[Sealed, bytes, str]:
    """Return what is sealed, the seal, and the name of its key, as the database holds them. Raises Failed."""
    head = store.read("SELECT event, chain FROM head").fetchone()
    start = store.read("SELECT event, chain, cut, broken FROM checkpoint").fetchone()
    seal = store.read("SELECT mac, key, since, broken FROM seal").fetchone()
    values: dict[str, Any] = {}
    if head:
        values |= {"event": head["event"], "chain": head["chain"]}
    if start:
        values |= {"cut_event": start["event"], "cut_chain": start["chain"]}
        values |= {"cut": start["cut"], "cut_broken": start["broken"]}
    if seal is None:
        return Sealed(**values), b"", ""
    return Sealed(**values, since=seal["since"], broken=seal["broken"]), seal["mac"], seal["key"]
