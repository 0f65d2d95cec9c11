"""What the suite's own operations tell: events, rows and results."""

from typing import Any, ClassVar, Self

from garrison.abilities.notices import Notice
from garrison.daemon.inbox import Card
from garrison.sdk import Event, Frozen, Result, Severity, Text, UntrustedText
from garrison.sdk.values import render


class SettingChanged(Event):
    """Somebody changed a setting."""

    says: ClassVar[str] = "{setting} was changed from {old} to {new} by account {uid}"
    setting: str
    old: UntrustedText
    new: UntrustedText
    uid: int


class JournalSetAside(Event):
    """A damaged journal was moved away and a new one begun."""

    says: ClassVar[str] = "The journal was damaged; it was kept as {path} and a new one was begun"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    path: UntrustedText


class TaskFailed(Event):
    """A task that was to run by itself did not work."""

    says: ClassVar[str] = "{title}, as scheduled, did not work: {reason}"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    title: str
    operation: str
    reason: UntrustedText


class SettingRow(Frozen):
    """A setting. limits: what it may be, in words."""

    name: str
    value: Any
    default: Any
    title: str
    kind: str


class CardRow(Frozen):
    """What is in the inbox: a question (with choices, and an answer where it was given), or a notice (maybe read)."""

    id: int
    question: UntrustedText
    choices: dict[str, str]
    asked: str
    until: str
    answer: str
    notice: UntrustedText = ""
    severity: str = ""
    is_read: bool = False

    @classmethod
    def of(cls, card: Card) -> Self:
        """Return a question with its sentence put together."""
        return cls(
            id=card.id,
            question=render(card.says, card.details),
            choices=card.choices,
            asked=card.asked,
            until=card.until,
            answer=card.answer,
        )

    @classmethod
    def of_notice(cls, notice: Notice) -> Self:
        """Return a notice with its sentence put together."""
        return cls(
            id=notice.id,
            question="",
            choices={},
            asked=notice.at,
            until="",
            answer="",
            notice=notice.text,
            severity=notice.severity.value,
            is_read=notice.is_read,
        )


class RememberedRow(Frozen):
    """A question that is answered without asking. question: as `inbox forget` takes it."""

    question: str
    choice: UntrustedText
    since: str


class ConsentRow(Frozen):
    """A purpose, and whether the caller agreed to it."""

    id: str
    title: str
    given: bool
    outdated: bool
    at: str
    text: str


class FirstScan(Result):
    """What came of the first scan. made: False when one was made before. summary: what the scan gave back."""

    made: bool
    summary: dict[str, Any] | None
    exit: int
    lines: tuple[UntrustedText, ...] = ()

    def sentences(self) -> list[Text]:
        """Say what the scan said."""
        return [Text("{line}", line=line) for line in self.lines]

    def exit_code(self) -> int:
        """Return the scan's."""
        return self.exit
