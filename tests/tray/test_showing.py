"""What is done about a notice is heard, however soon."""

import asyncio
import shutil
from pathlib import Path

import pytest
from dbus_fast import Message, MessageType
from dbus_fast.aio import MessageBus

from garrison.tray.showing import PATH, SERVICE, Button, Shower
from tests.tray.desktop import desktop, until

pytestmark = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="dbus-daemon is not installed")


class TwoInOne(MessageBus):
    """A connection on which the answer to a notice and the press of its button are taken in one go."""

    def _process_message(self, message: Message) -> None:
        super()._process_message(message)
        if message.message_type is MessageType.METHOD_RETURN and message.signature == "u":
            pressed = Message(
                message_type=MessageType.SIGNAL, path=PATH, interface=SERVICE, member="ActionInvoked",
                signature="us", body=[message.body[0], "open"], sender=message.sender,
            )  # fmt: skip
            super()._process_message(pressed)


def test_a_button_that_is_pressed_at_once_is_heard(tmp_path: Path) -> None:
    async def run() -> list[str]:
        async with desktop(tmp_path) as session:
            bus = await TwoInOne(bus_address=session.address).connect()
            heard: list[str] = []
            shower = Shower(bus)
            assert await shower.begin()
            await shower.show("text", "info", [Button("open", "Open")], heard.append)
            await until(lambda: bool(heard), 3)
            bus.disconnect()
            return heard

    assert asyncio.run(run()) == ["open"]
