"""Shows notices with buttons (Desktop Notifications Specification 1.2)."""

import asyncio
import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio import MessageBus

from garrison.tray.bus import PROPERTIES, call, is_there, listen

SERVICE, PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
_MARK = Path(__file__).parent / "icons" / "garrison-green.svg"
_URGENCY = {"critical": 2, "important": 1, "info": 0}
_BY_DEFAULT, _FOR_EVER = -1, 0  # how long it is shown
_BY_PERSON = 2  # the reason of NotificationClosed
_MOST_TEXT = 1000

Pressed = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Button:
    """What a person can do about a notice. key: what `pressed` is told."""

    key: str
    label: str


class Shower:
    """Shows notices, and hears what people do about them."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._pressed: dict[int, Pressed] = {}
        self._has_buttons = True
        self._has_markup = False

    async def begin(self) -> bool:
        """Begin to listen; return whether there is anybody who shows notices."""
        self._bus.add_message_handler(self._hear)
        await listen(self._bus, f"type='signal',interface='{SERVICE}',path='{PATH}'")
        if not await is_there(self._bus, SERVICE):
            return False
        answer = await call(self._bus, SERVICE, PATH, SERVICE, "GetCapabilities")
        can = answer[0] if answer else ["actions"]
        self._has_buttons, self._has_markup = "actions" in can, "body-markup" in can
        return True

    async def show(  # what is to be seen of a notice
        self,
        text: str,
        severity: str,
        buttons: Sequence[Button],
        pressed: Pressed,
        *,
        has_sound: bool = True,
        replaces: int = 0,
    ) -> int:
        """Show something; return its number, 0 when nobody does. pressed: takes a button's key, "" for a wave off."""
        body = text[:_MOST_TEXT]
        actions = [part for button in buttons for part in (button.key, button.label)] if self._has_buttons else []
        hints = {
            "urgency": Variant("y", _URGENCY.get(severity, 1)),
            "suppress-sound": Variant("b", not has_sound),
            "desktop-entry": Variant("s", "garrison"),
            "category": Variant("s", "device.error" if severity == "critical" else "device"),
        }
        stays = severity == "critical" or len(actions) > 4
        answer = await call(
            self._bus,
            SERVICE,
            PATH,
            SERVICE,
            "Notify",
            "susssasa{sv}i",
            "Garrison",
            replaces,
            str(_MARK),
            "Garrison",
            html.escape(body, quote=False) if self._has_markup else body,
            actions,
            hints,
            _FOR_EVER if stays else _BY_DEFAULT,
        )
        number = int(answer[0]) if answer else 0
        if number:
            self._pressed[number] = pressed
        return number

    async def close(self, number: int) -> None:
        """Take a notice away that is shown no more reason for."""
        self._pressed.pop(number, None)
        await call(self._bus, SERVICE, PATH, SERVICE, "CloseNotification", "u", number)

    async def is_inhibited(self) -> bool:
        """Return whether the desktop wants no notices now, as some say (`Inhibited`, of KDE's and others')."""
        answer = await call(self._bus, SERVICE, PATH, PROPERTIES, "Get", "ss", SERVICE, "Inhibited")
        return bool(answer and isinstance(answer[0], Variant) and answer[0].value is True)

    def _hear(self, message: Message) -> None:
        if message.message_type is not MessageType.SIGNAL or message.interface != SERVICE or len(message.body) != 2:
            return
        # Not at once: the answer with the number may have come just before, and whoever waits for it has yet to wake.
        asyncio.get_running_loop().call_soon(self._take, message.member, *message.body)

    def _take(self, member: str | None, number: int, what: object) -> None:
        if member == "ActionInvoked" and number in self._pressed:
            self._pressed[number](str(what))
        elif member == "NotificationClosed":
            pressed = self._pressed.pop(number, None)
            if pressed is not None and what == _BY_PERSON:
                pressed("")
