"""What notifications tell: events, rows and results."""

from garrison import sdk
from garrison.abilities.notices import Notice
from garrison.components.notifications.settings import Way


class MessageGivenUp(sdk.Event):
    """A message did not get out for so long that it is tried no more; the inbox still has what it told."""

    says = "A message by {way} was given up after it was tried for days: {why}"
    severity = sdk.Severity.IMPORTANT
    way: str
    why: sdk.UntrustedText


class RuleRow(sdk.Frozen):
    """What you are not told of."""

    what: str
    since: str


class Muted(sdk.Result):
    """What is told no more."""

    says = "You are told no more of {what}; what is critical is told always."
    what: str


class Unmuted(sdk.Result):
    """How many rules went."""

    count: int

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        return [
            sdk.Text(
                "{count} rule was taken away: you are told again.",
                many="{count} rules were taken away: you are told again.",
                count=self.count,
            )
        ]


class Tested(sdk.Result):
    """What came of a test. is_shown: whether the tray of the account was there, of the desktop."""

    way: Way
    is_shown: bool

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.way is not Way.DESKTOP:
            return [sdk.Text("The test by {way} was taken by its server.", way=self.way.value)]
        if self.is_shown:
            return [sdk.Text("The test was handed to your desktop.")]
        return [sdk.Text("The test is in your inbox; no desktop of yours is connected (garrison tray connects it).")]


class Hurried(sdk.Result):
    """How many messages are tried again now."""

    count: int

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        return [
            sdk.Text("{count} message is tried now.", many="{count} messages are tried now.", count=self.count),
        ]


class Allowed(sdk.Result):
    """Which ways were agreed to."""

    says = "You agreed that messages are sent out by: {ways}."
    ways: str


class WaitingNotice(sdk.Frozen):
    """A notice for the desktop. kind: as mute takes it."""

    id: int
    at: str
    severity: str
    kind: str
    text: sdk.UntrustedText

    @classmethod
    def of(cls, notice: Notice) -> "WaitingNotice":
        """Return it."""
        return cls(id=notice.id, at=notice.at, severity=notice.severity.value, kind=notice.kind, text=notice.text)


class WaitingQuestion(sdk.Frozen):
    """A question for the desktop."""

    id: int
    text: sdk.UntrustedText
    choices: dict[str, str]


class News(sdk.Result):
    """What a desktop is to show. newest: to be given with the next request. unread: notices in the inbox.

    quiet_full_screen, sound, tray: as they are set.
    """

    newest: int
    unread: int
    notices: list[WaitingNotice]
    questions: list[WaitingQuestion]
    colour: str
    sentence: sdk.UntrustedText
    quiet_full_screen: bool
    sound: bool
    tray: bool

    def sentences(self) -> list[sdk.Text]:
        """Say how things stand, and what is new."""
        told = [*(each.text for each in self.notices), *(each.text for each in self.questions)]
        return [sdk.Text("{sentence}", sentence=self.sentence), *(sdk.Text("  {text}", text=text) for text in told)]
