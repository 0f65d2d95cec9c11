"""Calls on the session's bus that never fail loudly: a desktop may lack any of the services."""

import asyncio
from typing import Any

from dbus_fast import Message, MessageType, NameFlag, RequestNameReply
from dbus_fast.aio import MessageBus
from dbus_fast.errors import AuthError, DBusError, InvalidAddressError

UNREACHABLE = (OSError, EOFError, TimeoutError, DBusError, AuthError, InvalidAddressError)
BUS, BUS_PATH = "org.freedesktop.DBus", "/org/freedesktop/DBus"
PROPERTIES = "org.freedesktop.DBus.Properties"
_OUR_NAME = "org.garrison.Tray"
_SECONDS = 5.0


async def take_place(bus: MessageBus) -> bool:
    """Become the one tray of this session; return whether there was none."""
    return await bus.request_name(_OUR_NAME, NameFlag.DO_NOT_QUEUE) is RequestNameReply.PRIMARY_OWNER


async def call(
    bus: MessageBus, service: str, path: str, interface: str, member: str, signature: str = "", *body: Any
) -> list[Any] | None:
    """Return what a method answers; None when nobody does."""
    message = Message(
        destination=service, path=path, interface=interface, member=member, signature=signature, body=list(body)
    )
    try:
        async with asyncio.timeout(_SECONDS):
            answer = await bus.call(message)
    except UNREACHABLE:
        return None
    if answer is None or answer.message_type is not MessageType.METHOD_RETURN:
        return None
    return list(answer.body)


async def listen(bus: MessageBus, rule: str) -> None:
    """Have signals delivered that fit a rule (D-Bus specification, match rules)."""
    await call(bus, BUS, BUS_PATH, BUS, "AddMatch", "s", rule)


async def is_there(bus: MessageBus, name: str) -> bool:
    """Return whether somebody has a name, or could be started for it."""
    owned = await call(bus, BUS, BUS_PATH, BUS, "NameHasOwner", "s", name)
    if owned and owned[0]:
        return True
    startable = await call(bus, BUS, BUS_PATH, BUS, "ListActivatableNames")
    return bool(startable and name in startable[0])
