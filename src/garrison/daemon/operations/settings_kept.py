"""Moving, keeping and taking back settings."""

from pathlib import Path
from typing import Annotated, ClassVar

from garrison.base.errors import Refused
from garrison.daemon.operations.base import Operations
from garrison.daemon.settings_ledger import SettingsLedger
from garrison.daemon.settings_results import (
    Differences,
    HistoryRow,
    SettingsExported,
    SettingsImported,
    SnapshotRow,
)
from garrison.sdk import Access, Caller, Event, Said, about, action

_Preview = Annotated[bool, about("Only show what would change")]
_Name = Annotated[str, about("Its name", max_length=100)]


class SettingsKeptOperations(Operations):
    """Move, keep and take back settings."""

    events: ClassVar[tuple[type[Event], ...]] = (SettingsExported, SettingsImported)
    aliases: ClassVar[dict[str, str]] = {
        "settings export": "settings-export",
        "settings import": "settings-import",
        "settings undo": "settings-undo",
        "settings history": "settings-history",
        "settings snapshot": "settings-snapshot",
        "settings snapshots": "settings-snapshots",
        "settings restore": "settings-restore",
        "settings forget": "settings-forget",
        "settings restore-defaults": "settings-restore-defaults",
    }

    @property
    def _ledger(self) -> SettingsLedger:
        return SettingsLedger(self._parts, self._desk)

    @action("Export the settings", access=Access.CONFIGURE)
    async def settings_export(self, path: Annotated[Path, about("The file to write")], caller: Caller) -> Said:
        """Write all settings to a file that people can read; secrets are left out."""
        await self._ledger.export(path)
        self.host.report(SettingsExported(path=str(path), uid=caller.uid), caller.uid)
        return Said.of("The settings are in {path}. Secrets are left out.", path=path)

    @action("Import settings", access=Access.WEAKEN)
    async def settings_import(
        self, path: Annotated[Path, about("A file that was exported")], caller: Caller, preview: _Preview = False
    ) -> Differences:
        """Take over the settings in a file, of this or another computer, all of them or none.

        What the file does not name stays as it is.
        """
        told = await self._ledger.import_from(caller, path, really=not preview)
        if told.done and told.differences and told.origin:
            self.host.report(SettingsImported(path=str(path), origin=told.origin, uid=caller.uid), caller.uid)
        return told

    @action("Undo the last change of settings", access=Access.WEAKEN)
    async def settings_undo(self, caller: Caller, preview: _Preview = False) -> Differences:
        """Take back the last change of settings; again, the one before it."""
        return await self._ledger.undo(caller, really=not preview)

    @action("History of the settings", access=Access.VIEW)
    def settings_history(
        self, caller: Caller, limit: Annotated[int, about("So many at the most", ge=1, le=1000)] = 50
    ) -> list[HistoryRow]:
        """Show who changed which setting, when, and what it was before."""
        _check_owner(caller)
        return self._ledger.history(limit)

    @action("Keep the settings under a name", access=Access.CONFIGURE)
    def settings_snapshot(self, name: _Name, caller: Caller) -> Said:
        """Keep the settings as they are now under a name."""
        self._ledger.snapshots.take(name, caller.uid, self._parts.book.stored)
        return Said.of(
            "The settings are kept as “{name}”. To return to them: garrison settings restore {name}", name=name
        )

    @action("Snapshots of the settings", access=Access.VIEW)
    def settings_snapshots(self, caller: Caller) -> list[SnapshotRow]:
        """List the settings that were kept under a name."""
        _check_owner(caller)
        return self._ledger.snapshot_rows()

    @action("Return to kept settings", access=Access.WEAKEN)
    async def settings_restore(self, name: _Name, caller: Caller, preview: _Preview = False) -> Differences:
        """Return to settings that were kept under a name."""
        return await self._ledger.restore(caller, name, really=not preview)

    @action("Forget kept settings", access=Access.CONFIGURE)
    def settings_forget(self, name: _Name) -> Said:
        """Remove settings that were kept under a name; those in force stay."""
        self._ledger.snapshots.forget(name)
        return Said.of("“{name}” is forgotten.", name=name)

    @action("Restore default settings", access=Access.WEAKEN)
    async def settings_restore_defaults(
        self,
        caller: Caller,
        components: Annotated[list[str], about("Of these components; of all where none is named", max_length=100)],
        with_lists: Annotated[bool, about("Your own lists too: exclusions, chosen places, trusted programs")] = False,
        preview: _Preview = False,
    ) -> Differences:
        """Give components their default settings again; your own lists are kept unless you say otherwise."""
        return await self._ledger.defaults(caller, components, with_lists=with_lists, really=not preview)


def _check_owner(caller: Caller) -> None:
    if not caller.is_owner:
        raise Refused(
            "How Garrison is set is shown to its owner only.", "Ask whoever looks after this computer, or use sudo."
        )
