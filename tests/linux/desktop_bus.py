"""A private message bus with a logind and a NetworkManager on it that say what a test wants."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from dbus_fast import PropertyAccess
from dbus_fast.aio import MessageBus
from dbus_fast.errors import DBusError
from dbus_fast.service import ServiceInterface, dbus_property, method

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><listen>unix:path={path}</listen><policy context="default"><allow send_destination="*" eavesdrop="true"/>
<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
"""


class Manager(ServiceInterface):
    """logind's manager."""

    def __init__(self, sessions: int) -> None:
        super().__init__("org.freedesktop.login1.Manager")
        self.idle = False
        self.since = 0
        self.sessions = sessions
        self.can_power_off = "yes"
        self.powered_off: list[bool] = []  # whether somebody might be asked, for each time

    def is_used(self, idle_since: int | None = None) -> None:
        """Say that somebody is at the computer, or since when nobody is (microseconds of the time of day)."""
        self.idle, self.since = idle_since is not None, idle_since or 0
        self.emit_properties_changed({"IdleHint": self.idle, "IdleSinceHint": self.since})

    @dbus_property(access=PropertyAccess.READ)
    def IdleHint(self) -> "b":  # type: ignore[name-defined]  # noqa: N802, F821
        return self.idle

    @dbus_property(access=PropertyAccess.READ)
    def IdleSinceHint(self) -> "t":  # type: ignore[name-defined]  # noqa: N802, F821
        return self.since

    @method()
    def CanPowerOff(self) -> "s":  # type: ignore[name-defined]  # noqa: F821, N802
        return self.can_power_off

    @method()
    def PowerOff(self, interactive: "b") -> None:  # type: ignore[name-defined]  # noqa: F821, N802
        if self.can_power_off != "yes":
            raise DBusError("org.freedesktop.DBus.Error.AccessDenied", "no")
        self.powered_off.append(interactive)

    @method()
    def ListSessions(self) -> "a(susso)":  # type: ignore[valid-type]  # noqa: F821, N802 # a D-Bus signature
        return [[str(n), 1000, "ann", "seat0", f"/org/freedesktop/login1/session/_{n}"] for n in range(self.sessions)]


class Session(ServiceInterface):
    """One of logind's sessions."""

    def __init__(self, kind: str, locked: bool) -> None:
        super().__init__("org.freedesktop.login1.Session")
        self._kind = kind
        self._locked = locked

    @dbus_property(access=PropertyAccess.READ)
    def Type(self) -> "s":  # type: ignore[name-defined]  # noqa: N802, F821
        return self._kind

    @dbus_property(access=PropertyAccess.READ)
    def Class(self) -> "s":  # type: ignore[name-defined]  # noqa: N802, F821
        return "user"

    @dbus_property(access=PropertyAccess.READ)
    def LockedHint(self) -> "b":  # type: ignore[name-defined]  # noqa: N802, F821
        return self._locked


class Network(ServiceInterface):
    """NetworkManager."""

    def __init__(self, metered: int) -> None:
        super().__init__("org.freedesktop.NetworkManager")
        self._metered = metered

    @dbus_property(access=PropertyAccess.READ)
    def Metered(self) -> "u":  # type: ignore[name-defined]  # noqa: N802, F821
        return self._metered


@contextlib.asynccontextmanager
async def private_bus(folder: Path) -> AsyncIterator[tuple[str, MessageBus]]:
    """Run a bus in a folder; give its address, and a connection to it for services of the test."""
    path, config = folder / "bus", folder / "bus.conf"
    config.write_text(_CONFIG.format(path=path))
    process = await asyncio.create_subprocess_exec(
        "dbus-daemon", f"--config-file={config}", "--nofork", "--nopidfile", "--print-address",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        await process.stdout.readline()  # it listens by then
        bus = await MessageBus(bus_address=f"unix:path={path}").connect()
        yield f"unix:path={path}", bus
        bus.disconnect()
        await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the library leaves it bare
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def desktop_bus(
    folder: Path, sessions: list[tuple[str, bool]], metered: int | None
) -> AsyncIterator[tuple[str, Manager]]:
    """Run a bus in a folder; give its address and the manager. sessions: (type, locked). metered: as NMMetered."""
    async with private_bus(folder) as (address, bus):
        manager = Manager(len(sessions))
        bus.export("/org/freedesktop/login1", manager)
        for number, (kind, locked) in enumerate(sessions):
            bus.export(f"/org/freedesktop/login1/session/_{number}", Session(kind, locked))
        await bus.request_name("org.freedesktop.login1")
        if metered is not None:
            bus.export("/org/freedesktop/NetworkManager", Network(metered))
            await bus.request_name("org.freedesktop.NetworkManager")
        yield address, manager
