"""What the desktop's services know: whether anybody is at the computer, and what the line costs.

logind (org.freedesktop.login1) tells of idle and locked sessions, NetworkManager of metered connections. A computer
that lacks one of them cannot tell, and says so with None.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, DBusError, InvalidAddressError

from garrison.base.text import printable
from garrison.linux.circumstances import Circumstances

_LOGIN = "org.freedesktop.login1"
_NETWORK = "org.freedesktop.NetworkManager"
_BUS = "org.freedesktop.DBus"
_PROPERTIES = "org.freedesktop.DBus.Properties"
_GRAPHICAL = {"x11", "wayland", "mir"}
_METERED = {1: True, 2: False, 3: True, 4: False}  # NMMetered: yes, no, guessed yes, guessed no; 0 is unknown
_WHY_NO_POWER_OFF = {
    "yes": "",
    "na": "it cannot be shut down by software",
    "no": "this account may not do that",
    "challenge": "that takes a password",
}
_TIMEOUT_SECONDS = 5.0
_SYSTEM_BUS = "unix:path=/run/dbus/system_bus_socket"
_LOGIN_PATH = "/org/freedesktop/login1"
_RULE = f"type='signal',sender='{_LOGIN}',interface='{_PROPERTIES}',member='PropertiesChanged',path='{_LOGIN_PATH}'"
_UNREACHABLE = (OSError, EOFError, TimeoutError, DBusError, AuthError, InvalidAddressError)


async def circumstances(now: datetime) -> Circumstances:
    """Ask the services, within a few seconds. Never raises: what does not answer cannot tell."""
    async with _connected() as bus:
        if bus is None:
            return Circumstances()
        return Circumstances(await _idle(bus, now), await _locked(bus), await _metered(bus))


@contextlib.asynccontextmanager
async def watching() -> AsyncIterator[asyncio.Event]:
    """Give an event that is set whenever logind tells of a change, such as that the computer is used again.

    Never raises; where there is no logind the event is never set, nor after logind's bus has ended.
    """
    changed = asyncio.Event()

    def hear(message: Message) -> None:
        if message.member == "PropertiesChanged" and message.path == _LOGIN_PATH:
            changed.set()

    async with _connected() as bus:
        if bus is not None:
            bus.add_message_handler(hear)
            await _call(bus, _BUS, "/org/freedesktop/DBus", _BUS, "AddMatch", "s", _RULE)
        yield changed


@contextlib.asynccontextmanager
async def _connected() -> AsyncIterator[MessageBus | None]:
    """Give a connection to the system's bus, None where there is none."""
    address = os.environ.get("DBUS_SYSTEM_BUS_ADDRESS") or _SYSTEM_BUS
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            bus = await MessageBus(bus_address=address).connect()
    except _UNREACHABLE:
        yield None
        return
    try:
        yield bus
    finally:
        bus.disconnect()
        with contextlib.suppress(*_UNREACHABLE):
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the library leaves it bare


async def why_no_power_off() -> str:
    """Return in words why this process cannot have the computer shut down, "" when it can (logind, CanPowerOff)."""
    async with _connected() as bus:
        answer = bus and await _call(bus, _LOGIN, _LOGIN_PATH, f"{_LOGIN}.Manager", "CanPowerOff")
    if not answer:
        return "there is no logind (systemd) to ask for it"
    return _WHY_NO_POWER_OFF.get(answer[0], f"logind says “{printable(str(answer[0]))}”")


async def power_off() -> str:
    """Have the computer shut down; return in words why it is not, "" when it is."""
    async with _connected() as bus:
        # Not interactive: nobody is there to be asked for a password.
        done = bus and await _call(bus, _LOGIN, _LOGIN_PATH, f"{_LOGIN}.Manager", "PowerOff", "b", False)
    return "" if done is not None else "logind refused it, or something holds it up (systemd-inhibit shows what)"


async def _idle(bus: MessageBus, now: datetime) -> float | None:
    manager = await _properties(bus, _LOGIN, _LOGIN_PATH, f"{_LOGIN}.Manager")
    idle, since = manager.get("IdleHint"), manager.get("IdleSinceHint")
    if not isinstance(idle, bool):
        return None
    if not idle:
        return 0.0
    # Microseconds of the time of day; 0 when logind does not know since when.
    return max(0.0, now.timestamp() - since / 1e6) if isinstance(since, int) and since else 0.0


async def _locked(bus: MessageBus) -> bool | None:
    sessions = await _call(bus, _LOGIN, _LOGIN_PATH, f"{_LOGIN}.Manager", "ListSessions")
    if sessions is None:
        return None
    locked = []
    for _, _, _, _, path in sessions[0]:
        session = await _properties(bus, _LOGIN, path, f"{_LOGIN}.Session")
        if session.get("Type") in _GRAPHICAL and session.get("Class") == "user":
            locked.append(bool(session.get("LockedHint")))
    return all(locked)


async def _metered(bus: MessageBus) -> bool | None:
    network = await _properties(bus, _NETWORK, "/org/freedesktop/NetworkManager", _NETWORK)
    return _METERED.get(network.get("Metered", 0))


async def _properties(bus: MessageBus, service: str, path: str, interface: str) -> Mapping[str, Any]:
    """Return an object's properties, none when nobody answers."""
    answer = await _call(bus, service, path, _PROPERTIES, "GetAll", "s", interface)
    return {name: variant.value for name, variant in answer[0].items()} if answer else {}


async def _call(  # the parts of a D-Bus call
    bus: MessageBus, service: str, path: str, interface: str, member: str, signature: str = "", *body: Any
) -> list[Any] | None:
    message = Message(
        destination=service, path=path, interface=interface, member=member, signature=signature, body=list(body)
    )
    try:
        async with asyncio.timeout(_TIMEOUT_SECONDS):
            answer = await bus.call(message)
    except _UNREACHABLE:
        return None
    if answer is None or answer.message_type is not MessageType.METHOD_RETURN:
        return None
    return list(answer.body)
