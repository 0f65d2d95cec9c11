"""What the operations on all settings at once tell: what would change, what was changed, and what is kept."""

from typing import ClassVar

from garrison.daemon.settings_files import Origin
from garrison.sdk import Event, Frozen, Result, Text, UntrustedText

_ORIGINS = {
    Origin.HERE: Text("The file was made by this computer and not changed since."),
    Origin.ELSEWHERE: Text("The file was made by another computer and not changed since."),
    Origin.CHANGED: Text("The file was changed by hand since it was made."),
    Origin.UNSIGNED: Text("The file is not signed: nobody can say who made it."),
}
_SHOWN = 200  # differences told in sentences; programs get them all


class SettingsExported(Event):
    """The settings were written to a file."""

    says: ClassVar[str] = "The settings were exported to {path} by account {uid}"
    path: UntrustedText
    uid: int


class SettingsImported(Event):
    """The settings of a file were taken over."""

    says: ClassVar[str] = "The settings in {path} were imported by account {uid}"
    path: UntrustedText
    origin: Origin
    uid: int


class Difference(Frozen):
    """One setting that would be, or was, changed. old, new: in words."""

    setting: str
    title: str
    old: UntrustedText
    new: UntrustedText


class Differences(Result):
    """What came of it, or would. done: whether it was done, not only looked at. kept: own lists that stay."""

    done: bool
    what: str
    differences: list[Difference]
    kept: tuple[str, ...] = ()
    origin: Origin | None = None

    def sentences(self) -> list[Text]:
        """Say what changes, a line each."""
        lines = [_ORIGINS[self.origin]] if self.origin else []
        if not self.differences:
            return [*lines, Text("Nothing changes.")]
        count = len(self.differences)
        if self.done:
            lines.append(Text("Changed: {count} setting.", many="Changed: {count} settings.", count=count))
        else:
            lines.append(
                Text("This would change {count} setting:", many="This would change {count} settings:", count=count)
            )
        lines += [
            Text("  {setting}: {old} → {new}", setting=each.setting, old=each.old, new=each.new)
            for each in self.differences[:_SHOWN]
        ]
        if self.kept:
            lines.append(Text("Your own lists stay as they are: {names}.", names=", ".join(self.kept)))
        if self.done:
            lines.append(Text("To take it back: garrison settings undo"))
        return lines


class HistoryRow(Frozen):
    """A change of settings. account: the number of who made it."""

    id: int
    at: str
    account: int
    how: str
    setting: str
    old: UntrustedText
    new: UntrustedText
    undone: bool


class SnapshotRow(Frozen):
    """Settings that were kept under a name. differs: in how many settings from those now."""

    name: str
    at: str
    account: int
    differs: int
