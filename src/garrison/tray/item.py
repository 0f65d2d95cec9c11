"""Garrison's state in the tray (StatusNotifierItem), where a desktop has a place for such items."""

import os
from collections.abc import Callable
from pathlib import Path

from dbus_fast import Message, PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method, signal

from garrison.tray.bus import BUS, call, is_there, listen
from garrison.tray.menu import Entry, Menu

WATCHER, WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"
ITEM_PATH, MENU_PATH = "/StatusNotifierItem", "/MenuBar"
_ICONS = Path(__file__).parent / "icons"
_COLOURS = {"green", "yellow", "red"}
_NEEDS_YOU = {"red"}

# The annotations below are D-Bus signatures, as the library wants them.


class Item(ServiceInterface):
    """What the tray shows: an icon in the status's colour, and its sentence."""

    def __init__(self, clicked: Callable[[], None]) -> None:
        super().__init__("org.kde.StatusNotifierItem")
        self._clicked = clicked
        self._colour = ""
        self._sentence = ""

    def change(self, colour: str, sentence: str) -> None:
        """Show a colour, grey for one that is none, and a sentence."""
        if colour != self._colour:
            self._colour = colour
            self.NewIcon()
            self.NewAttentionIcon()
            self.NewStatus()
        if sentence != self._sentence:
            self._sentence = sentence
            self.NewToolTip()

    @property
    def icon(self) -> str:
        """The name of the icon."""
        return f"garrison-{self._colour if self._colour in _COLOURS else 'grey'}"

    @property
    def status(self) -> str:
        """Whether it needs attention."""
        return "NeedsAttention" if self._colour in _NEEDS_YOU else "Active"

    @method()
    def Activate(self, x: "i", y: "i") -> None:  # type: ignore[name-defined]
        self._clicked()

    @method()
    def SecondaryActivate(self, x: "i", y: "i") -> None:  # type: ignore[name-defined]
        self._clicked()

    @method()
    def ContextMenu(self, x: "i", y: "i") -> None:  # type: ignore[name-defined]
        return

    @method()
    def Scroll(self, delta: "i", orientation: "s") -> None:  # type: ignore[name-defined]
        del delta, orientation

    @dbus_property(access=PropertyAccess.READ)
    def Category(self) -> "s":  # type: ignore[name-defined]
        return "SystemServices"

    @dbus_property(access=PropertyAccess.READ)
    def Id(self) -> "s":  # type: ignore[name-defined]
        return "garrison"

    @dbus_property(access=PropertyAccess.READ)
    def Title(self) -> "s":  # type: ignore[name-defined]
        return "Garrison"

    @dbus_property(access=PropertyAccess.READ)
    def Status(self) -> "s":  # type: ignore[name-defined]
        return self.status

    @dbus_property(access=PropertyAccess.READ)
    def IconName(self) -> "s":  # type: ignore[name-defined]
        return self.icon

    @dbus_property(access=PropertyAccess.READ)
    def AttentionIconName(self) -> "s":  # type: ignore[name-defined]
        return self.icon

    @dbus_property(access=PropertyAccess.READ)
    def IconThemePath(self) -> "s":  # type: ignore[name-defined]
        return str(_ICONS)

    @dbus_property(access=PropertyAccess.READ)
    def ItemIsMenu(self) -> "b":  # type: ignore[name-defined]
        return False

    @dbus_property(access=PropertyAccess.READ)
    def Menu(self) -> "o":  # type: ignore[name-defined]
        return MENU_PATH

    @dbus_property(access=PropertyAccess.READ)
    def ToolTip(self) -> "(sa(iiay)ss)":  # type: ignore[valid-type]
        return [self.icon, [], "Garrison", self._sentence]

    @signal()
    def NewIcon(self) -> None:
        return

    @signal()
    def NewAttentionIcon(self) -> None:
        return

    @signal()
    def NewToolTip(self) -> None:
        return

    @signal()
    def NewStatus(self) -> "s":  # type: ignore[name-defined]
        return self.status


class TrayItem:
    """The item with its menu on the bus, announced to whoever shows such items, now and when one comes."""

    def __init__(self, bus: MessageBus, clicked: Callable[[], None]) -> None:
        self._bus = bus
        self._item = Item(clicked)
        self._menu = Menu([])
        self._name = f"org.kde.StatusNotifierItem-{os.getpid()}-1"
        self._comes: Callable[[], None] = _nobody
        self._is_out = False

    async def begin(self, comes: Callable[[], None]) -> bool:
        """Put it on the bus; return whether anybody shows it. comes: is called when somebody comes who does."""
        self._comes = comes
        self._bus.export(ITEM_PATH, self._item)
        self._bus.export(MENU_PATH, self._menu)
        self._bus.add_message_handler(self._hear)
        await listen(self._bus, f"type='signal',sender='{BUS}',member='NameOwnerChanged',arg0='{WATCHER}'")
        return await is_there(self._bus, WATCHER)

    async def announce(self) -> None:
        """Have the item shown. It is hidden again by `withdraw` only."""
        if not self._is_out:
            await self._bus.request_name(self._name)
            self._is_out = True
        register = "RegisterStatusNotifierItem"
        await call(self._bus, WATCHER, WATCHER_PATH, WATCHER, register, "s", self._name)

    async def withdraw(self) -> None:
        """Have the item shown no more."""
        if self._is_out:
            await self._bus.release_name(self._name)
            self._is_out = False

    @property
    def is_out(self) -> bool:
        """Whether it is to be shown."""
        return self._is_out

    def change(self, colour: str, sentence: str, entries: list[Entry]) -> None:
        """Show how things stand."""
        self._item.change(colour, sentence)
        self._menu.change(entries)

    def _hear(self, message: Message) -> None:
        if message.member == "NameOwnerChanged" and message.body[:1] == [WATCHER] and message.body[2]:
            self._comes()


def _nobody() -> None:
    """Take note of nothing: it has not begun."""
