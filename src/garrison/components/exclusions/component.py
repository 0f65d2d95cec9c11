"""The exclusions component."""

from typing import Annotated

from garrison import sdk
from garrison.abilities.exclusions import By, Exclusion
from garrison.abilities.exclusions import Exclusions as ExclusionList
from garrison.base.errors import Refused


class ExclusionAdded(sdk.Event):
    """Something is left out of scans from now on."""

    says = "Left out of scans from now on, by account {uid}: {by} {value}"
    severity = sdk.Severity.IMPORTANT
    by: str
    value: sdk.UntrustedText
    uid: int


class ExclusionRemoved(sdk.Event):
    """Something is no longer left out of scans."""

    says = "No longer left out of scans, by account {uid}: {by} {value}"
    by: str
    value: sdk.UntrustedText
    uid: int


class Row(sdk.Frozen):
    """An exclusion."""

    id: int
    by: By
    value: sdk.UntrustedText
    note: str
    added: str


class Changed(sdk.Result):
    """What became of an entry."""

    says = "{what}: {by} {value}."
    what: str
    id: int
    by: By
    value: sdk.UntrustedText


class Exclusions(sdk.Component[sdk.Settings]):
    """Lists what is left out of scans: by mask of the path, name of the threat, or hash of the file."""

    id = "exclusions"
    title = "Exclusions"
    events = (ExclusionAdded, ExclusionRemoved)
    default_operation = "list"

    def __init__(self, host: sdk.Host, settings: sdk.Settings, exclusions: ExclusionList) -> None:
        super().__init__(host, settings)
        self._exclusions = exclusions

    @sdk.action("Exclusions", access=sdk.Access.VIEW)
    def list(self, caller: sdk.Caller) -> "list[Row]":
        """List what is left out of scans."""
        if not caller.is_owner:  # a map of where nobody looks
            raise Refused(
                "Only the owner of this computer may see what is left out of scans.",
                "Ask whoever looks after this computer, or use sudo.",
            )
        return [
            Row(id=entry.id, by=entry.by, value=entry.value, note=entry.note, added=entry.added)
            for entry in self._exclusions.entries()
        ]

    @sdk.action("Exclude", access=sdk.Access.WEAKEN)
    def add(
        self,
        by: Annotated[By, sdk.about("mask of the path, name of the threat, or hash (SHA-256) of the file")],
        value: Annotated[sdk.UntrustedText, sdk.about("The mask, name or hash", max_length=4096)],
        caller: sdk.Caller,
        note: Annotated[str, sdk.about("Why, for your own records", max_length=1000)] = "",
    ) -> Changed:
        """Leave something out of scans from now on."""
        entry = self._exclusions.add(by, value, note=note)
        self.host.report(ExclusionAdded(by=by.value, value=entry.value, uid=caller.uid), caller.uid)
        return _changed("Left out of scans", entry)

    @sdk.action("No longer exclude", access=sdk.Access.CONFIGURE)
    def remove(self, id: Annotated[int, sdk.about("Its number, as list shows it")], caller: sdk.Caller) -> Changed:
        """Scan something again that was left out."""
        entry = self._exclusions.remove(id)
        self.host.report(ExclusionRemoved(by=entry.by.value, value=entry.value, uid=caller.uid), caller.uid)
        return _changed("Scanned again", entry)


def _changed(what: str, entry: Exclusion) -> Changed:
    return Changed(what=what, id=entry.id, by=entry.by, value=entry.value)
