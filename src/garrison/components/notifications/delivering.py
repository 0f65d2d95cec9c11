"""Brings out what waits: one message after the other, by the process that fetches."""

from collections.abc import Callable

from garrison.abilities.fetching import Fetcher
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Refused
from garrison.components.notifications.messages import Outward, sendable
from garrison.components.notifications.outbox import Outbox, Waiting
from garrison.components.notifications.settings import NotificationsSettings

COMPONENT = "notifications"


class Postman:
    """Sends messages. without_consent: ways that nobody has agreed to, as the last try of each showed."""

    def __init__(self, fetcher: Fetcher, outbox: Outbox, clock: Clock) -> None:
        self._fetcher = fetcher
        self._outbox = outbox
        self._clock = clock
        self.without_consent: set[str] = set()

    async def deliver(self, settings: NotificationsSettings, give_up: Callable[[Waiting, str], None]) -> None:
        """Try what is due. give_up: takes what was tried for too long. Raises GarrisonError when a disk is full."""
        for each in self._outbox.due():
            if not any(each is other for other in self._outbox.waiting):
                continue  # it had to make room meanwhile
            try:
                await self.send(each.message, settings)
            except GarrisonError as error:
                if self._outbox.failed(each, error.text):
                    give_up(each, error.text)
            else:
                self._outbox.taken(each)

    async def send(self, message: Outward, settings: NotificationsSettings, *, by_hand: bool = False) -> None:
        """Send one message. Raises GarrisonError."""
        what = sendable(message, settings, self._clock.now())
        try:
            await self._fetcher.send(what, component=COMPONENT, purpose=message.way, by_hand=by_hand)
        except Refused:
            self.without_consent.add(message.way)
            raise
        self.without_consent.discard(message.way)
