"""The notifications component."""

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Annotated

from garrison import sdk
from garrison.abilities.fetching import Fetcher
from garrison.abilities.notices import Notice, Notices
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Invalid, Refused, Unavailable
from garrison.base.paths import Home
from garrison.components.notifications.delivering import Postman
from garrison.components.notifications.messages import Outward
from garrison.components.notifications.outbox import Outbox, Waiting
from garrison.components.notifications.results import (
    Allowed,
    Hurried,
    MessageGivenUp,
    Muted,
    News,
    RuleRow,
    Tested,
    Unmuted,
    WaitingNotice,
    WaitingQuestion,
)
from garrison.components.notifications.rules import Rules, check, voice
from garrison.components.notifications.settings import OUT, NotificationsSettings, Way
from garrison.components.notifications.telling import LETTER, SETTING, Teller, notice_of
from garrison.components.notifications.tray_process import TrayProcess
from garrison.wire.golden import golden

log = logging.getLogger(__name__)
_MOST_NEWS = 50
_PRESENT_SECONDS = 60.0  # after its last request a desktop counts as connected
_PAUSE_SECONDS = 300.0  # after the messages could not be kept
_Numbers = list[int]
_TEST = "This is a test of Garrison's notifications"


class Notifications(sdk.Component[NotificationsSettings]):
    """Tells you what happens: on the desktop, by e-mail, by webhook and by ntfy."""

    id = "notifications"
    title = "Notifications"
    feature = sdk.Feature.CORE
    events = (MessageGivenUp,)
    default_operation = "list"
    purposes = (
        sdk.Purpose(
            "e-mail",
            "Send notifications by e-mail",
            "Garrison sends notices and the weekly letter to the addresses and by the mail server that you set. They "
            "tell what happened on this computer, with names of files, threats and accounts, and the computer's name.",
            later=True,
        ),
        sdk.Purpose(
            "webhook",
            "Send notifications to a webhook",
            "Garrison sends notices to the address that you set. They tell what happened on this computer, with names "
            "of files, threats and accounts, and the computer's name.",
            later=True,
        ),
        sdk.Purpose(
            "ntfy",
            "Send notifications to an ntfy topic",
            "Garrison sends notices to the ntfy topic that you set, whose server can read them. They tell what "
            "happened on this computer, with names of files, threats and accounts, and the computer's name.",
            later=True,
        ),
    )

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: NotificationsSettings,
        home: Home,
        clock: Clock,
        notices: Notices,
        fetcher: Fetcher,
    ) -> None:
        super().__init__(host, settings)
        folder = home.folder("notifications", 1)
        self._clock = clock
        self._notices = notices
        self._rules = Rules(folder / "rules.json")
        self._outbox = Outbox(folder / "outbox.json", clock)
        self._teller = Teller(notices, self._outbox, self._rules, clock)
        self._postman = Postman(fetcher, self._outbox, clock)
        self._tray = TrayProcess(home)
        self._heard = asyncio.Event()  # something may have to be summed up
        self._posted = asyncio.Event()  # something may have to be sent
        self._seen: dict[int, float] = {}  # when a desktop of an account asked last
        self._is_running = False

    def settings_changed(self) -> None:
        """Take up for how long the inbox keeps notices, and try what waits with the new settings."""
        self._notices.limit(self.settings.inbox_days, self.settings.inbox_most)
        self._posted.set()

    async def run(self) -> None:
        """Listen, and tell."""
        self._is_running = True
        try:
            async with self.host.events() as events, asyncio.TaskGroup() as group:
                self.host.ready()
                await self._learn_language()
                group.create_task(self._sum_up())
                group.create_task(self._deliver())
                if self._tray.is_wanted():
                    group.create_task(self._tray.run())
                while True:
                    component, event, owner = await events.next_with_owner()
                    await self.hear(notice_of(component, event, owner))
        finally:
            self._is_running = False
            with contextlib.suppress(GarrisonError):
                self._teller.sum_up(self.settings, all_of_it=True)

    async def hear(self, notice: Notice) -> None:
        """Tell of an event, if it is to be told."""
        try:
            if notice.kind == SETTING:
                await self._learn_language()
            if notice.kind == LETTER:
                await self._send_letter()
            self._give_up(self._teller.hear(notice, self.settings))
        except GarrisonError as error:  # the next one may find room on the disk again; the journal has it
            log.warning("a notice could not be kept: %s", error.text)
        self._heard.set()
        self._posted.set()

    async def _learn_language(self) -> None:
        self._teller.language = (await self.host.call("suite.settings-get", name="suite.language"))["value"]

    async def _send_letter(self) -> None:
        if not self.settings.letter or not self.settings.is_set_up(Way.EMAIL):
            return
        letter = await self.host.call("suite.report-letter")
        at = self._clock.now().isoformat(timespec="seconds")
        self._give_up(
            self._outbox.add(
                Outward(Way.EMAIL.value, letter["text"], at, subject=letter["subject"], html=letter["html"], to=to)
                for to in self.settings.email_to
            )
        )

    async def _sum_up(self) -> None:
        while True:
            await _either(self._heard, self._teller.seconds())
            try:
                self._give_up(self._teller.sum_up(self.settings))
            except GarrisonError as error:
                log.warning("a notice could not be kept: %s", error.text)
            self._posted.set()

    async def _deliver(self) -> None:
        while True:
            await _either(self._posted, self._outbox.seconds())
            try:
                await self.deliver()
            except GarrisonError as error:
                log.warning("the messages that wait could not be kept: %s", error.text)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def deliver(self) -> None:
        """Send what is due. Raises GarrisonError when it cannot be kept."""
        await self._postman.deliver(self.settings, lambda waiting, why: self._give_up([waiting], why))

    def _give_up(self, gone: list[Waiting], why: str = "") -> None:
        for each in gone:
            self.host.report(MessageGivenUp(way=each.message.way, why=why or each.why or "too many wait"))

    def issues(self) -> Iterable[sdk.Issue]:
        """Tell of messages that do not get out."""
        for way in OUT:
            stuck = [each for each in self._outbox.waiting if each.message.way == way.value and each.tries]
            if stuck and way.value in self._postman.without_consent:
                yield sdk.Issue(
                    id=f"consent-{way.value}",
                    severity=sdk.Severity.IMPORTANT,
                    text=sdk.Text("Messages by {way} wait for your consent", way=way.value),
                    fix="notifications.allow",
                )
            elif stuck:
                yield sdk.Issue(
                    id=f"stuck-{way.value}",
                    severity=sdk.Severity.IMPORTANT,
                    text=sdk.Text(
                        "{count} message by {way} does not get out: {why}",
                        many="{count} messages by {way} do not get out: {why}",
                        count=len(stuck),
                        way=way.value,
                        why=stuck[-1].why.rstrip("."),
                    ),
                    fix="notifications.try-again",
                )

    @sdk.action("What you are not told of", access=sdk.Access.VIEW)
    def list(self, caller: sdk.Caller) -> "list[RuleRow]":
        """List what you want to be told no more of."""
        return [RuleRow(what=rule.what, since=rule.at) for rule in self._rules.of(caller)]

    @sdk.action("Tell no more")
    def mute(
        self,
        what: Annotated[
            str, sdk.about("COMPONENT or COMPONENT.EVENT, such as updates or scan.ScanFinished", max_length=200)
        ],
        caller: sdk.Caller,
    ) -> Muted:
        """Tell you no more of a component's events, or of one of them; what is critical is told always."""
        check(what, {manifest.id: manifest for manifest in golden()})
        self._rules.add(what, caller, self._clock.now().isoformat(timespec="seconds"))
        return Muted(what=what)

    @sdk.action("Tell again")
    def unmute(
        self,
        caller: sdk.Caller,
        what: Annotated[str, sdk.about("As list shows it; nothing: everything", max_length=200)] = "",
    ) -> Unmuted:
        """Tell you again of what you wanted to hear no more of."""
        return Unmuted(count=self._rules.remove(what, caller))

    @sdk.action("Send a test")
    async def test(self, way: Annotated[Way, sdk.about("By which way")], caller: sdk.Caller) -> Tested:
        """Send a real message by a way, and say what came of it."""
        if way is Way.DESKTOP:
            self._notices.keep(
                Notice(self.id, "Test", sdk.Severity.INFO, voice(caller.uid), _TEST, {}, on_desktop=True)
            )
            return Tested(way=way, is_shown=self._is_present(caller))
        if not caller.is_owner:
            raise Refused("Only the owner of this computer may have messages sent out.", "Use sudo.")
        if not self.settings.is_set_up(way):
            raise Invalid(
                "“{way}” is not set up.", "garrison settings notifications shows what it needs.", way=way.value
            )
        at = self._clock.now().isoformat(timespec="seconds")
        for to in self.settings.email_to if way is Way.EMAIL else [""]:
            message = Outward(way.value, _TEST, at, component=self.id, event="Test", subject=_TEST, to=to)
            await self._postman.send(message, self.settings, by_hand=True)
        return Tested(way=way, is_shown=False)

    @sdk.action("Try again now", access=sdk.Access.CONFIGURE)
    def try_again(self) -> Hurried:
        """Try now to send what did not get out."""
        count = self._outbox.hurry()
        self._posted.set()
        return Hurried(count=count)

    @sdk.action("Agree to messages going out", access=sdk.Access.CONFIGURE)
    async def allow(self, caller: sdk.Caller) -> Allowed:
        """Agree that messages are sent out by every way that you have set up; consents shows what they tell."""
        ways = [way.value for way in OUT if self.settings.is_set_up(way)]
        if not ways:
            raise Invalid("No way out of this computer is set up.", "garrison settings notifications shows them.")
        for way in ways:
            await self.host.call("suite.consent-give", caller, purpose=f"{self.id}.{way}")
        self.try_again()
        return Allowed(ways=", ".join(ways))

    @sdk.action("Wait for news", access=sdk.Access.VIEW)
    async def wait(
        self,
        caller: sdk.Caller,
        after: Annotated[int, sdk.about("The newest number known; -1: begin with what comes", ge=-1, le=2**62)] = -1,
        questions: Annotated[_Numbers, sdk.about("Numbers of the questions known", max_length=1000)] = [],
        colour: Annotated[str, sdk.about("The colour known", max_length=10)] = "",
        seconds: Annotated[int, sdk.about("Wait for so long at the most", ge=0, le=60)] = 0,
    ) -> News:
        """Wait until there is something to show on your desktop; the tray asks for this all the time."""
        if not self._is_running:
            raise Unavailable("Nobody is told of anything while Garrison does not run.", "garrison start --no-scan")
        self._seen[caller.uid] = self._clock.monotonic()
        news = await self._news(caller, after)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while after >= 0 and not _is_new(news, set(questions), colour):
                    await self._notices.changed()
                    news = await self._news(caller, after)
        self._seen[caller.uid] = self._clock.monotonic()
        return news

    async def _news(self, caller: sdk.Caller, after: int) -> News:
        newest = self._notices.newest()
        fresh = self._notices.after(caller, after, _MOST_NEWS) if after >= 0 else []
        if len(fresh) == _MOST_NEWS:
            newest = fresh[-1].id
        status = await self.host.call("suite.status", caller)
        return News(
            newest=newest,
            unread=self._notices.unread(caller),
            notices=[WaitingNotice.of(each) for each in fresh if each.on_desktop],
            questions=[
                WaitingQuestion(id=each.id, text=each.text, choices=each.choices)
                for each in self._notices.questions(caller)
            ],
            colour=status["colour"],
            sentence=status["sentence"],
            quiet_full_screen=self.settings.quiet_full_screen,
            sound=self.settings.sound,
            tray=self.settings.tray,
        )

    def _is_present(self, caller: sdk.Caller) -> bool:
        return self._clock.monotonic() - self._seen.get(caller.uid, float("-inf")) < _PRESENT_SECONDS


def _is_new(news: News, known: set[int], colour: str) -> bool:
    return bool(news.notices) or {each.id for each in news.questions} != known or news.colour != colour


async def _either(event: asyncio.Event, seconds: float | None) -> None:
    """Wait for an event, or for some time; None: for the event alone."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()
