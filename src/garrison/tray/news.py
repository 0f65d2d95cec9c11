"""Shows news one by one: notices, questions with their choices; keeps them back while nobody wants to be disturbed."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from garrison.base.text import printable
from garrison.tray.phrases import Phrases
from garrison.tray.showing import Button, Shower
from garrison.wire.talking import Answer

_CRITICAL = "critical"
_OPEN, _MUTE, _ALWAYS, _BODY = "open", "mute", "always", "default"
_CHOICE = "choice:"
_MOST_ONE_BY_ONE = 3  # of what was kept back
_OWN = "notifications."


class Act(Protocol):
    """Asks for an operation."""

    def __call__(self, operation: str, *, quietly: bool = False, **arguments: Any) -> Coroutine[Any, Any, None]:
        """Ask."""
        ...


@dataclass(slots=True)
class _Asked:
    """A question that is shown. number: of the notice that shows it. always: whether the answer is to be remembered."""

    text: str
    choices: dict[str, str]
    number: int = 0
    always: bool = False


@dataclass(slots=True)
class Desk:
    """What is shown, and what is kept back. begin: does something beside."""

    shower: Shower
    words: Phrases
    act: Act
    open_console: Callable[[], Coroutine[Any, Any, None]]
    begin: Callable[[Coroutine[Any, Any, None]], None]
    _has_sound: bool = True
    _asked: dict[int, _Asked] = field(default_factory=dict)
    _held: list[tuple[dict[str, Any], str]] = field(default_factory=list)

    async def greet(self, answer: Answer) -> None:
        """Tell of what was missed, once, when it begins."""
        unread = int(answer.result["unread"])
        self._has_sound = bool(answer.result["sound"])
        if unread:
            text = self.words.phrase(
                "{count} notice waits in the inbox", many="{count} notices wait in the inbox", count=unread
            )
            await self._show_with_console(text, "info")

    async def take(self, answer: Answer) -> bool:
        """Show what is new; return whether something is kept back."""
        news, t = answer.result, self.words.t
        self._has_sound = bool(news["sound"])
        self._held += [(each, t.told(each["text"], answer.texts)) for each in news["notices"]]
        fresh = {each["id"]: each for each in news["questions"] if each["id"] not in self._asked}
        await self._close_answered({each["id"] for each in news["questions"]})
        if not self._held and not fresh:
            return False
        if news["quiet_full_screen"] and await self.shower.is_inhibited():
            urgent = [each for each in self._held if each[0]["severity"] == _CRITICAL]
            self._held = [each for each in self._held if each[0]["severity"] != _CRITICAL]
            await self._show_all(urgent)
            return bool(self._held or fresh)
        held, self._held = self._held, []
        await self._show_all(held)
        for number, each in fresh.items():
            choices = {key: t.original(label) for key, label in each["choices"].items()}
            self._asked[number] = _Asked(t.told(each["text"], answer.texts), choices)
            await self._ask(number)
        return False

    async def _show_all(self, notices: list[tuple[dict[str, Any], str]]) -> None:
        critical = [each for each in notices if each[0]["severity"] == _CRITICAL]
        others = [each for each in notices if each[0]["severity"] != _CRITICAL]
        if len(others) > _MOST_ONE_BY_ONE:
            text = self.words.phrase("{count} notice came", many="{count} notices came", count=len(others))
            await self._show_with_console(text, "important")
            others = []
        for notice, text in (*critical, *others):
            await self._show(notice, text)

    async def _show(self, notice: dict[str, Any], text: str) -> None:
        buttons = [self._open_button()]
        if notice["severity"] != _CRITICAL and not notice["kind"].startswith(_OWN):
            buttons.append(Button(_MUTE, self.words.phrase("Do not tell again")))

        def pressed(key: str) -> None:
            self.begin(self.act("suite.inbox-read", quietly=True, notice=notice["id"]))
            if key in {_OPEN, _BODY}:
                self.begin(self.open_console())
            elif key == _MUTE:
                self.begin(self.act("notifications.mute", what=notice["kind"]))

        await self.shower.show(printable(text), notice["severity"], buttons, pressed, has_sound=self._has_sound)

    async def _ask(self, question: int) -> None:
        asked = self._asked[question]
        buttons = [Button(_CHOICE + key, label) for key, label in asked.choices.items()]
        text = printable(asked.text)
        if asked.always:
            text += "\n" + self.words.phrase("Your answer will be remembered.")
        else:
            buttons.append(Button(_ALWAYS, self.words.phrase("Do not ask again")))

        def pressed(key: str) -> None:
            if key.startswith(_CHOICE):
                choice = key.removeprefix(_CHOICE)
                self.begin(
                    self.act("suite.inbox-answer", quietly=True, question=question, choice=choice, always=asked.always)
                )
            elif key == _ALWAYS:
                asked.always = True
                self.begin(self._ask(question))
            elif key == _BODY:
                self.begin(self.open_console())

        asked.number = await self.shower.show(
            text, "important", buttons, pressed, has_sound=self._has_sound, replaces=asked.number
        )

    async def _close_answered(self, still_open: set[int]) -> None:
        for number in self._asked.keys() - still_open:
            asked = self._asked.pop(number)
            if asked.number:
                await self.shower.close(asked.number)

    def _open_button(self) -> Button:
        return Button(_OPEN, self.words.phrase("Open the console"))

    async def _show_with_console(self, text: str, severity: str) -> None:
        def pressed(key: str) -> None:
            if key:
                self.begin(self.open_console())

        await self.shower.show(text, severity, [self._open_button()], pressed, has_sound=self._has_sound)

    async def say(self, text: str, severity: str) -> None:
        """Show a sentence."""
        await self.shower.show(printable(text), severity, [], lambda _: None, has_sound=False)
