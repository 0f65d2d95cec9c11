"""A desktop of its own: a private session bus with a service that shows notices, and a watcher of tray items, on it."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dbus_fast import Message, PropertyAccess, Variant
from dbus_fast.aio import MessageBus
from dbus_fast.service import ServiceInterface, dbus_property, method, signal

from garrison.base.paths import Home, own_program
from tests.linux.desktop_bus import private_bus

NOTIFICATIONS, NOTIFICATIONS_PATH = "org.freedesktop.Notifications", "/org/freedesktop/Notifications"
WATCHER, WATCHER_PATH = "org.kde.StatusNotifierWatcher", "/StatusNotifierWatcher"


@dataclass(frozen=True, slots=True)
class Shown:
    """A notice as the service was asked to show it."""

    number: int
    replaces: int
    body: str
    actions: dict[str, str]
    hints: dict[str, Any]


class Notifications(ServiceInterface):
    """The service that shows notices."""

    def __init__(self) -> None:
        super().__init__(NOTIFICATIONS)
        self.shown: list[Shown] = []
        self.closed: list[int] = []
        self.inhibited = False

    @method()
    def GetCapabilities(self) -> "as":  # type: ignore[valid-type]  # noqa: F722, N802
        return ["actions", "body", "body-markup"]

    @method()
    def Notify(  # noqa: N802, PLR0913
        self,
        app: "s",  # type: ignore[name-defined]  # noqa: F821
        replaces: "u",  # type: ignore[name-defined]  # noqa: F821
        icon: "s",  # type: ignore[name-defined]  # noqa: F821
        summary: "s",  # type: ignore[name-defined]  # noqa: F821
        body: "s",  # type: ignore[name-defined]  # noqa: F821
        actions: "as",  # type: ignore[valid-type]  # noqa: F722
        hints: "a{sv}",  # type: ignore[valid-type]  # noqa: F722
        expires: "i",  # type: ignore[name-defined]  # noqa: F821
    ) -> "u":  # type: ignore[name-defined]  # noqa: F821
        assert (app, summary) == ("Garrison", "Garrison")
        assert Path(icon).is_file()
        number = replaces or len(self.shown) + 1
        keys = dict(zip(actions[::2], actions[1::2], strict=True))
        plain = {name: variant.value for name, variant in hints.items()}
        self.shown.append(Shown(number, replaces, body, keys, plain))
        return number

    @method()
    def CloseNotification(self, number: "u") -> None:  # type: ignore[name-defined]  # noqa: F821, N802
        self.closed.append(number)

    @dbus_property(access=PropertyAccess.READ)
    def Inhibited(self) -> "b":  # type: ignore[name-defined]  # noqa: F821, N802
        return self.inhibited

    @signal()
    def ActionInvoked(self, number, key) -> "us":  # type: ignore[no-untyped-def, name-defined]  # noqa: ANN001, F821, N802
        return [number, key]

    @signal()
    def NotificationClosed(self, number, reason) -> "uu":  # type: ignore[no-untyped-def, name-defined]  # noqa: ANN001, F821, N802
        return [number, reason]


class Watcher(ServiceInterface):
    """Whoever shows tray items."""

    def __init__(self) -> None:
        super().__init__(WATCHER)
        self.items: list[str] = []

    @method()
    def RegisterStatusNotifierItem(self, name: "s") -> None:  # type: ignore[name-defined]  # noqa: F821, N802
        self.items.append(name)


@dataclass(slots=True)
class Desktop:
    """A session, and a tray in it once it is started."""

    address: str
    bus: MessageBus
    notifications: Notifications
    watcher: Watcher
    environment: dict[str, str] = field(default_factory=dict)

    @contextlib.asynccontextmanager
    async def tray(self, home: Home, **variables: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the real tray."""
        process = await self.start(home, **variables)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.communicate()

    async def start(self, home: Home, **variables: str) -> asyncio.subprocess.Process:
        named = {"DBUS_SESSION_BUS_ADDRESS": self.address, "GARRISON_HOME": str(home.root), "LANG": "C.UTF-8"}
        return await asyncio.create_subprocess_exec(
            *own_program("garrison.tray"),
            env={"PATH": os.environ["PATH"], "HOME": str(home.root), **named, **variables},
            stderr=asyncio.subprocess.PIPE,
        )

    async def call(self, service: str, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
        """Call a method; return its answer."""
        message = Message(
            destination=service, path=path, interface=interface, member=member, signature=signature, body=list(body)
        )
        answer = await self.bus.call(message)
        assert answer is not None
        assert answer.message_type.name == "METHOD_RETURN", answer.body
        return answer.body[0] if len(answer.body) == 1 else answer.body

    async def item(self) -> dict[str, Any]:
        """Return what the tray item says of itself."""
        name = self.watcher.items[-1]
        properties = "org.freedesktop.DBus.Properties"
        found = await self.call(name, "/StatusNotifierItem", properties, "GetAll", "s", "org.kde.StatusNotifierItem")
        return {key: variant.value for key, variant in found.items()}

    async def menu(self) -> dict[str, int]:
        """Return the labels of the menu that can be chosen, with their numbers."""
        item = await self.item()
        _, (_, _, children) = await self.call(
            self.watcher.items[-1], item["Menu"], "com.canonical.dbusmenu", "GetLayout", "iias", 0, -1, []
        )
        entries = [child.value for child in children]
        return {each[1]["label"].value: each[0] for each in entries if "label" in each[1] and each[1]["enabled"].value}

    async def choose(self, label: str) -> None:
        """Click an entry of the menu."""
        number = (await self.menu())[label]
        item = await self.item()
        await self.call(
            self.watcher.items[-1], item["Menu"], "com.canonical.dbusmenu", "Event",
            "isvu", number, "clicked", Variant("i", 0), 0,
        )  # fmt: skip

    async def showing(self, text: str) -> Shown:
        """Wait for a notice with a text."""
        await until(lambda: any(text in each.body for each in self.notifications.shown))
        return next(each for each in reversed(self.notifications.shown) if text in each.body)


@contextlib.asynccontextmanager
async def desktop(folder: Path, *, shows: bool = True, has_tray: bool = True) -> AsyncIterator[Desktop]:
    """Run a desktop's session in a folder."""
    async with private_bus(folder) as (address, bus):
        made = Desktop(address, bus, Notifications(), Watcher())
        bus.export(NOTIFICATIONS_PATH, made.notifications)
        bus.export(WATCHER_PATH, made.watcher)
        if shows:
            await bus.request_name(NOTIFICATIONS)
        if has_tray:
            await bus.request_name(WATCHER)
        yield made


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 # there is no event to wait for
            await asyncio.sleep(0.02)
