"""The tray's process, for whoever the suite belongs to: started where there is a desktop's session."""

import asyncio
import contextlib
import logging
import os

from garrison.base.paths import Home, own_program

log = logging.getLogger(__name__)
_BUS = "DBUS_SESSION_BUS_ADDRESS"
_PASSED_ON = (
    *(_BUS, "DISPLAY", "HOME", "LANG", "LANGUAGE", "LC_ALL", "LC_MESSAGES", "PATH"),
    *("WAYLAND_DISPLAY", "XAUTHORITY", "XDG_CURRENT_DESKTOP", "XDG_DATA_DIRS", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE"),
)
_FIRST_SECONDS, _MOST_SECONDS = 5.0, 300.0


class TrayProcess:
    """Runs the tray until it is ended by hand; one that fails is started again after a while."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def is_wanted(self) -> bool:
        """Return whether there is a session to show anything in, and it is that of the suite's own account."""
        return not self._home.is_system and bool(os.environ.get(_BUS))

    async def run(self) -> None:
        """Run it. Returns when it has ended without failing."""
        pause = _FIRST_SECONDS
        while await self._once() != 0:
            await asyncio.sleep(pause)
            pause = min(pause * 2, _MOST_SECONDS)

    async def _once(self) -> int:
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        environment["GARRISON_HOME"] = str(self._home.root)
        try:
            process = await asyncio.create_subprocess_exec(
                *own_program("garrison.tray"),
                stdin=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            log.warning("the tray could not be started: %s", error)
            return 1
        try:
            return await process.wait()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.terminate()
                await process.wait()
