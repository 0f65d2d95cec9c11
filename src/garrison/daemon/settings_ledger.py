"""All settings at once: exported, imported, undone, kept under a name, and made the defaults again.

Looking and doing are one code path: every way ends in a Proposal, which is told, and then put in force or not.
"""

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from garrison.base.errors import Invalid
from garrison.daemon import settings_files
from garrison.daemon.parts import Parts
from garrison.daemon.settings_book import Proposal, Stored
from garrison.daemon.settings_desk import SettingsDesk, shown
from garrison.daemon.settings_files import Signer
from garrison.daemon.settings_history import Entry, Snapshots, undone
from garrison.daemon.settings_results import Difference, Differences, HistoryRow, SnapshotRow
from garrison.sdk import Caller
from garrison.sdk.plain import to_plain
from garrison.sdk.values import own_lists, values_of
from garrison.wire.manifest import SUITE, Value

_HIDDEN = "********"
_DEFAULT = "the default"


class SettingsLedger:
    """Moves, keeps and takes back settings."""

    def __init__(self, parts: Parts, desk: SettingsDesk) -> None:
        self._parts = parts
        self._book = parts.book
        self._desk = desk
        self._signer = Signer(parts.book.folder)
        self.snapshots = Snapshots(parts.book.folder, parts.clock)

    # -- files --

    async def export(self, path: Path) -> None:
        """Write all settings to a file. Raises Refused, and what writing raises."""
        components = self._parts.door.components
        content = settings_files.render(
            {name: self._book.of(name) for name in self._book.names},
            {name: components[name].title for name in self._book.names},
            self._parts.clock.now().isoformat(timespec="seconds"),
            self._signer,
        )
        await asyncio.to_thread(settings_files.write, path, content)

    async def import_from(self, caller: Caller, path: Path, *, really: bool) -> Differences:
        """Take over the settings in a file; what it does not name stays. Raises Invalid that names every mistake."""
        file = await asyncio.to_thread(settings_files.read, path, self._signer)
        if settings_files.SWITCH in file.values.get(SUITE, {}):
            raise Invalid("suite: enabled: the suite is started and stopped, not switched.")
        proposal = self._desk.proposal(file.values)
        told = await self._settle(caller, proposal, "imported", really=really)
        return told.model_copy(update={"origin": file.origin})

    # -- back --

    async def undo(self, caller: Caller, *, really: bool) -> Differences:
        """Take back the last change that was not taken back yet. Raises NotFound."""
        entry = self._desk.history.last()
        proposal = self._book.propose_stored(undone(self._book.stored, entry))
        told = await self._settle(caller, proposal, "undone", really=really)
        if really:
            self._desk.history.mark_undone(entry)
        return told

    def history(self, limit: int) -> list[HistoryRow]:
        """Return what was changed, newest first."""
        rows = [row for entry in reversed(self._desk.history.entries) for row in self._rows_of(entry)]
        return rows[:limit]

    def _rows_of(self, entry: Entry) -> Iterable[HistoryRow]:
        for name in entry.before.keys() | entry.after.keys():
            known = {value.name: value for value in self._values(name)}
            before, after = entry.before.get(name, {}), entry.after.get(name, {})
            for setting in sorted(before.keys() | after.keys()):
                if before.get(setting) == after.get(setting) and (setting in before) == (setting in after):
                    continue
                value = known.get(setting)
                old, new = _kept(before, setting, value), _kept(after, setting, value)
                if old != new or value is None or value.kind == "secret":
                    yield HistoryRow(
                        id=entry.id, at=entry.at, account=entry.uid, how=entry.how,
                        setting=f"{name}.{setting}", old=old, new=new, undone=entry.undone,
                    )  # fmt: skip

    def _values(self, name: str) -> tuple[Value, ...]:
        return values_of(self._book.model(name)) if name in self._book.names else ()

    # -- snapshots --

    def snapshot_rows(self) -> list[SnapshotRow]:
        """Return what was kept, oldest first."""
        return [
            SnapshotRow(
                name=each.name,
                at=each.at,
                account=each.uid,
                differs=len(self._book.propose_stored(each.stored).differences()),
            )
            for each in self.snapshots.all()
        ]

    async def restore(self, caller: Caller, name: str, *, really: bool) -> Differences:
        """Return to a snapshot. Raises NotFound."""
        stored = self.snapshots.find(name).stored
        return await self._settle(caller, self._book.propose_stored(stored), f"restored {name}", really=really)

    # -- defaults --

    async def defaults(
        self, caller: Caller, components: Sequence[str], *, with_lists: bool, really: bool
    ) -> Differences:
        """Give components (all, where none is named) their defaults. Raises NotFound."""
        names = list(dict.fromkeys(components)) or self._book.names
        kept: list[str] = []
        stored: Stored = dict(self._book.stored)
        for name in names:
            lists = frozenset() if with_lists else own_lists(self._book.model(name))
            left = {key: value for key, value in stored.pop(name, {}).items() if key in lists}
            if left:
                stored[name] = left
            kept += [f"{name}.{key}" for key, value in left.items() if value]
        told = await self._settle(caller, self._book.propose_stored(stored), "defaults", really=really)
        return told.model_copy(update={"kept": tuple(kept)})

    # -- what they share --

    async def _settle(self, caller: Caller, proposal: Proposal, how: str, *, really: bool) -> Differences:
        told = Differences(done=really, what=how, differences=list(self._told(proposal)))
        if really and (told.differences or proposal.stored != self._book.stored):
            await self._desk.carry_out(caller, proposal, how)
        return told

    def _told(self, proposal: Proposal) -> Iterable[Difference]:
        for name, setting, old, new in proposal.differences():
            title = next(value.title for value in self._values(name) if value.name == setting)
            yield Difference(
                setting=f"{name}.{setting}", title=title, old=shown(to_plain(old)), new=shown(to_plain(new))
            )


def _kept(values: dict[str, Any], setting: str, value: Value | None) -> str:
    """Return what a file held of a setting, in words; secrets, and what is of another version, stay unseen."""
    if setting not in values:
        return _DEFAULT if value is None or value.kind == "secret" else shown(value.default)
    return _HIDDEN if value is None or value.kind == "secret" else shown(values[setting])
