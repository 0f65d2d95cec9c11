"""What the System Watcher tells of, and what its operations give back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from garrison import sdk
from garrison.abilities.rewinding import Outcome
from garrison.base.text import printable


class RansomwareStopped(sdk.Event):
    """A program destroyed documents and was stopped."""

    says = "{program} destroyed documents and was stopped after {files} file(s); alarm {alarm}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS, sdk.Counted.BLOCKED)
    alarm: str
    program: sdk.UntrustedText
    files: int
    processes: int


class RansomwareSeen(sdk.Event):
    """A program destroyed documents and was not stopped, for it is only to be told."""

    says = "{program} destroys documents and was not stopped, as the settings say; alarm {alarm}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS,)
    alarm: str
    program: sdk.UntrustedText
    files: int


class ProcessesLeft(sdk.Event):
    """Some processes could not be stopped."""

    says = "{count} process(es) of alarm {alarm} could not be stopped: {why}"
    severity = sdk.Severity.CRITICAL
    alarm: str
    count: int
    why: str


class DocumentsRestored(sdk.Event):
    """What a program did was undone."""

    says = "Alarm {alarm}: {restored} file(s) restored, {quarantined} put into quarantine, {failed} not restored"
    severity = sdk.Severity.IMPORTANT
    alarm: str
    restored: int
    quarantined: int
    failed: int


class ProgramReleased(sdk.Event):
    """Somebody said that an alarm was a false one."""

    says = "{program} goes on after alarm {alarm}: a false alarm, said account {uid}"
    severity = sdk.Severity.IMPORTANT
    alarm: str
    program: sdk.UntrustedText
    uid: int


class ClientBlocked(sdk.Event):
    """A computer that destroyed documents on a share was shut out."""

    says = "{address} destroyed documents on a share and is blocked for {minutes} minutes; alarm {alarm}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.BLOCKED,)
    alarm: str
    address: str
    minutes: int


class ClientNotBlocked(sdk.Event):
    """A computer that destroyed documents on a share could not be shut out."""

    says = "The computer that destroyed documents on a share is not blocked: {why} Alarm {alarm}"
    severity = sdk.Severity.CRITICAL
    alarm: str
    why: str


class ClientUnblocked(sdk.Event):
    """A computer is let in again."""

    says = "{address} is no longer blocked, by account {uid}"
    severity = sdk.Severity.IMPORTANT
    address: str
    uid: int


class SpaceTooSmall(sdk.Event):
    """Copies could not be made, or were dropped too early."""

    says = "Documents are not fully protected: {why} {path}"
    severity = sdk.Severity.IMPORTANT
    path: sdk.UntrustedText
    why: str


class FolderProtected(sdk.Event):
    """A folder is protected from now on."""

    says = "{path} is protected from now on, by account {uid}"
    path: sdk.UntrustedText
    uid: int


class FolderUnprotected(sdk.Event):
    """A folder is no longer protected."""

    says = "{path} is no longer protected, by account {uid}"
    severity = sdk.Severity.IMPORTANT
    path: sdk.UntrustedText
    uid: int


class WatcherProved(sdk.Event):
    """The System Watcher proved itself."""

    says = "The System Watcher works: {what}"
    what: str


class WatcherNotProved(sdk.Event):
    """The System Watcher did not stop what it should have."""

    says = "The System Watcher does not work: {why}"
    severity = sdk.Severity.CRITICAL
    why: str


EVENTS = (
    RansomwareStopped,
    RansomwareSeen,
    ProcessesLeft,
    DocumentsRestored,
    ProgramReleased,
    ClientBlocked,
    ClientNotBlocked,
    ClientUnblocked,
    SpaceTooSmall,
    FolderProtected,
    FolderUnprotected,
    WatcherProved,
    WatcherNotProved,
)


class FolderRow(sdk.Frozen):
    """A protected folder. by: "home", "owner", or "proof" while it proves itself. problem: why it is not watched."""

    path: sdk.UntrustedText
    by: str
    problem: sdk.UntrustedText


class Changed(sdk.Result):
    """What became of a folder or an address."""

    says = "{text}"
    text: sdk.UntrustedText
    is_done: bool = True

    def exit_code(self) -> int:
        """Return 3 when it could not be done yet."""
        return 0 if self.is_done else 3


class AlarmRow(sdk.Frozen):
    """An alarm. state: stopped, ended, released, told."""

    id: str
    at: str
    program: sdk.UntrustedText
    account: int
    files: int
    state: str


class Shown(sdk.Result, AlarmRow):
    """All about an alarm. reasons: path -> what was seen; would: what undo would do now."""

    command: sdk.UntrustedText
    node: str
    reasons: dict[sdk.UntrustedText, str]
    would_restore: list[sdk.UntrustedText]
    would_quarantine: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it, a fact a line."""
        facts = {
            "Alarm": f"{self.id}, {self.at}, {self.state}",
            "Program": printable(self.program),
            "Command": printable(self.command),
            "Account": str(self.account),
        }
        facts |= {printable(path): why for path, why in self.reasons.items()}
        lines = [sdk.Text("{name}: {value}", name=name, value=value) for name, value in facts.items()]
        lines += [sdk.Text("Undo would restore {path}", path=printable(path)) for path in self.would_restore]
        lines += [sdk.Text("Undo would quarantine {path}", path=printable(path)) for path in self.would_quarantine]
        return lines


class Undone(sdk.Result):
    """What undoing did. failed: path -> why. beside: path -> the name under which it came back, its own being taken."""

    alarm: str
    restored: list[sdk.UntrustedText]
    moved: list[sdk.UntrustedText]
    quarantined: list[sdk.UntrustedText]
    unchanged: int
    failed: dict[sdk.UntrustedText, str]
    beside: dict[sdk.UntrustedText, sdk.UntrustedText]

    def exit_code(self) -> int:
        """Return 3 when something could not be restored."""
        return 3 if self.failed else 0

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [
            sdk.Text(
                "{count} file was restored.",
                many="{count} files were restored.",
                count=len(self.restored) + len(self.moved),
            ),
            sdk.Text(
                "{count} file that was made was put into quarantine (garrison quarantine list).",
                many="{count} files that were made were put into quarantine (garrison quarantine list).",
                count=len(self.quarantined),
            ),
        ]
        lines += [
            sdk.Text(
                "Somebody else's {path} stays; the restored file is {other}",
                path=printable(path),
                other=printable(other),
            )
            for path, other in self.beside.items()
        ]
        return lines + [sdk.Text("Not restored: {why}", why=printable(why)) for why in self.failed.values()]


class Proved(sdk.Result):
    """What came of having files encrypted by a program of ours. passed: None when there was nothing to try."""

    passed: bool | None
    what: sdk.UntrustedText

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.passed is None:
            return [sdk.Text("There was nothing to try: {what}.", what=self.what)]
        if self.passed:
            return [sdk.Text("The System Watcher works: {what}.", what=self.what)]
        return [sdk.Text("The System Watcher does not work: {what}.", what=self.what)]

    def exit_code(self) -> int:
        """Return 3 when it does not work."""
        return 3 if self.passed is False else 0

    @classmethod
    def proof_of(cls, kept: Mapping[str, Any] | None) -> sdk.Proof | None:
        """Return what was kept of it, with the time (`at`), as a proof; None when that is none."""
        try:
            said = dict(kept or {})
            at = datetime.fromisoformat(said.pop("at"))
            proved = cls(**said)
        except (KeyError, ValueError, TypeError):
            return None
        when = at.strftime("%Y-%m-%d %H:%M")
        if proved.passed:
            return sdk.Proof(at=at, text=sdk.Text("last proved itself {at}: {what}", at=when, what=proved.what))
        text = sdk.Text("The System Watcher does not work: {what}", what=proved.what)
        return sdk.Proof(at=at, text=text, passed=False)


class TouchedRow(sdk.Frozen):
    """What a program did to a file."""

    at: str
    did: str
    path: sdk.UntrustedText
    to: sdk.UntrustedText
    program: sdk.UntrustedText
    process: str
    account: int
    copied: bool


def undone(alarm: str, outcome: Outcome) -> Undone:
    """Return what an operation says of what was undone."""
    return Undone(
        alarm=alarm,
        restored=list(outcome.restored),
        moved=list(outcome.moved),
        quarantined=list(outcome.quarantined),
        unchanged=len(outcome.unchanged),
        failed=dict(outcome.failed),
        beside=dict(outcome.beside),
    )
