"""Decides who is told of an event, and by which ways."""

from dataclasses import replace

from garrison import sdk
from garrison.abilities.notices import Notice, Notices
from garrison.base.clock import Clock
from garrison.components.notifications.delivering import COMPONENT
from garrison.components.notifications.gathering import Gathering
from garrison.components.notifications.messages import Outward
from garrison.components.notifications.outbox import Outbox, Waiting
from garrison.components.notifications.rules import Rules
from garrison.components.notifications.settings import OUT, NotificationsSettings, Way
from garrison.sdk.plain import to_plain

# What is written down of everybody's requests is no news; and a message about each message would have no end.
_NO_NEWS = {"privacy.RequestMade", "suite.OperationCalled", "suite.FrameRefused", "suite.RequestsLeftOut"}
LETTER = "suite.LetterReady"
SETTING = "suite.SettingChanged"


def notice_of(component: str, event: sdk.Event, owner: int) -> Notice:
    """Return an event as something to tell."""
    return Notice(component, type(event).__name__, event.severity, owner, event.says, to_plain(event))


class Teller:
    """Tells what is to be told: keeps it in the inbox, and hands it to what sends it out."""

    def __init__(self, notices: Notices, outbox: Outbox, rules: Rules, clock: Clock) -> None:
        self._notices = notices
        self._outbox = outbox
        self._rules = rules
        self._clock = clock
        self._gathering = Gathering(clock)
        self.language = ""  # of what leaves the computer

    def hear(self, notice: Notice, settings: NotificationsSettings) -> list[Waiting]:
        """Take an event; return the messages that had to go because too many wait. Raises GarrisonError."""
        is_news = notice.kind not in _NO_NEWS and notice.kind != LETTER
        if not is_news or not self._gathering.admit(notice, settings.repeat_minutes):
            return []
        return self.tell(notice, settings)

    def sum_up(self, settings: NotificationsSettings, *, all_of_it: bool = False) -> list[Waiting]:
        """Tell what was held back for long enough. Raises GarrisonError."""
        gone: list[Waiting] = []
        for notice in self._gathering.due(all_of_them=all_of_it):
            gone += self.tell(notice, settings)
        return gone

    def seconds(self) -> float | None:
        """Return in how many seconds there may be something to sum up."""
        return self._gathering.seconds()

    def tell(self, notice: Notice, settings: NotificationsSettings) -> list[Waiting]:
        """Tell of something. Raises GarrisonError."""
        ways = settings.ways_for(notice.severity)
        # An account decides for its own desktop and inbox, the suite's owner for what leaves the computer.
        if not self._rules.mutes(notice.kind, notice.severity, notice.owner) and self._is_for_inbox(notice, ways):
            self._notices.keep(replace(notice, on_desktop=Way.DESKTOP in ways))
        is_own = notice.component == COMPONENT  # that messages do not get out is nothing to send a message about
        if is_own or self._rules.mutes(notice.kind, notice.severity, 0):
            return []
        at = self._clock.now().isoformat(timespec="seconds")
        messages = [
            Outward.of(notice, way, at, to, self.language)
            for way in OUT
            if way in ways and settings.is_set_up(way)
            for to in (settings.email_to if way is Way.EMAIL else [""])
        ]
        return self._outbox.add(messages) if messages else []

    @staticmethod
    def _is_for_inbox(notice: Notice, ways: frozenset[Way]) -> bool:
        return bool(ways) or notice.severity is not sdk.Severity.INFO
