"""The exclusions component."""

from typing import Annotated, ClassVar

from garrison.abilities.exclusions import By, Exclusion
from garrison.abilities.exclusions import Exclusions as ExclusionList
from garrison.sdk import Access, Caller, Component, Event, Frozen, Host, Result, Settings, Severity, about, action


class ExclusionAdded(Event):
    """Something is left out of scans from now on."""

    says: ClassVar[str] = "Left out of scans from now on, by account {uid}: {by} {value}"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    by: str
    value: str
    uid: int


class ExclusionRemoved(Event):
    """Something is no longer left out of scans."""

    says: ClassVar[str] = "No longer left out of scans, by account {uid}: {by} {value}"
    by: str
    value: str
    uid: int


class Row(Frozen):
    """An exclusion."""

    id: int
    by: By
    value: str
    note: str
    added: str


class Changed(Result):
    """What became of an entry."""

    says: ClassVar[str] = "{what}: {by} {value}."
    what: str
    id: int
    by: By
    value: str


class Exclusions(Component[Settings]):
    """Lists what is left out of scans: by mask of the path, name of the threat, or hash of the file."""

    id: ClassVar[str] = "exclusions"
    title: ClassVar[str] = "Exclusions"
    events: ClassVar[tuple[type[Event], ...]] = (ExclusionAdded, ExclusionRemoved)
    default_operation: ClassVar[str] = "list"

    def __init__(self, host: Host, settings: Settings, exclusions: ExclusionList) -> None:
        super().__init__(host, settings)
        self._exclusions = exclusions

    @action("Exclusions", access=Access.VIEW)
    def list(self) -> "list[Row]":
        """List what is left out of scans."""
        return [
            Row(id=entry.id, by=entry.by, value=entry.value, note=entry.note, added=entry.added)
            for entry in self._exclusions.entries()
        ]

    @action("Exclude", access=Access.WEAKEN)
    def add(
        self,
        by: Annotated[By, about("mask of the path, name of the threat, or hash (SHA-256) of the file")],
        value: Annotated[str, about("The mask, name or hash", max_length=4096)],
        caller: Caller,
        note: Annotated[str, about("Why, for your own records", max_length=1000)] = "",
    ) -> Changed:
        """Leave something out of scans from now on."""
        entry = self._exclusions.add(by, value, note=note)
        self.host.report(ExclusionAdded(by=by.value, value=entry.value, uid=caller.uid), caller.uid)
        return _changed("Left out of scans", entry)

    @action("No longer exclude", access=Access.CONFIGURE)
    def remove(self, id: Annotated[int, about("Its number, as list shows it")], caller: Caller) -> Changed:  # noqa: A002
        """Scan something again that was left out."""
        entry = self._exclusions.remove(id)
        self.host.report(ExclusionRemoved(by=entry.by.value, value=entry.value, uid=caller.uid), caller.uid)
        return _changed("Scanned again", entry)


def _changed(what: str, entry: Exclusion) -> Changed:
    return Changed(what=what, id=entry.id, by=entry.by, value=entry.value)
