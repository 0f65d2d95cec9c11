"""The tray as a program: python -m garrison.tray [--system]. It runs until it is ended, or where one runs already."""

import argparse
import asyncio
import contextlib
import signal
import sys

from dbus_fast.aio import MessageBus

from garrison.base.paths import choose_home
from garrison.tray.app import App
from garrison.tray.bus import UNREACHABLE, take_place
from garrison.tray.door import Door


async def _run(system: bool) -> int:
    try:
        bus = await MessageBus().connect()
    except UNREACHABLE as error:
        print(f"garrison: there is no desktop's session to show anything in: {error}", file=sys.stderr)  # noqa: T201
        return 0
    if not await take_place(bus):
        return 0  # one runs in this session already
    app = App(bus, Door(choose_home(system).socket), system=system)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.end)
    try:
        return await app.run()
    finally:
        bus.disconnect()
        with contextlib.suppress(*UNREACHABLE):
            await bus.wait_for_disconnect()  # type: ignore[no-untyped-call] # the library leaves it bare


def main() -> int:
    """Run until ended; return the exit code."""
    parser = argparse.ArgumentParser(prog="garrison tray")
    parser.add_argument("--system", action="store_true", help="Of the whole computer's suite, not your own.")
    return asyncio.run(_run(parser.parse_args().system))


if __name__ == "__main__":
    sys.exit(main())
