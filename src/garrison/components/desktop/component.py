"""The desktop component."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import garrison
from garrison import sdk
from garrison.base.errors import Unavailable
from garrison.base.files import explain
from garrison.base.paths import Home, account_home
from garrison.base.text import printable
from garrison.components.desktop.entries import Places, install, installed, remove
from garrison.linux.acting import Acting

_MARK = Path(garrison.__file__).parent / "look" / "assets" / "mark.svg"


class DesktopEntries(sdk.Result):
    """Which entries are there. changed: whether they were written or removed just now."""

    files: list[sdk.UntrustedText]
    changed: bool

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if not self.files:
            return [sdk.Text("Garrison is not in the menus of your desktop (garrison desktop on puts it there).")]
        if not self.changed:
            first = sdk.Text("Garrison is in the menus of your desktop, by these files:")
        else:
            first = sdk.Text("Garrison is in the menus of your desktop now, also to scan from file managers:")
        return [first, *(sdk.Text("  {file}", file=printable(each)) for each in self.files)]


class DesktopRemoved(sdk.Result):
    """How many entries were removed."""

    files: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        return [
            sdk.Text(
                "{count} entry was taken out of the menus of your desktop.",
                many="{count} entries were taken out of the menus of your desktop.",
                count=len(self.files),
            )
        ]


class Desktop(sdk.Component[sdk.Settings]):
    """Puts Garrison into your desktop's menu, and “Scan with Garrison” into its file manager."""

    id = "desktop"
    title = "Desktop menus"
    feature = sdk.Feature.CORE
    default_operation = "show"

    def __init__(self, host: sdk.Host, settings: sdk.Settings, home: Home) -> None:
        super().__init__(host, settings)
        self._home = home

    @sdk.action("Entries of the desktop", access=sdk.Access.VIEW)
    async def show(self, caller: sdk.Caller) -> DesktopEntries:
        """Show whether Garrison is in your desktop's menus."""
        return DesktopEntries(files=await _as(caller, installed), changed=False)

    @sdk.action("Put into the desktop's menus")
    async def on(self, caller: sdk.Caller) -> DesktopEntries:
        """Put Garrison into your menu, its tray, and the file managers Files, Nemo, Caja, Dolphin and Thunar."""
        launcher = os.environ.get("GARRISON_LAUNCHER", "")
        if not launcher:
            raise Unavailable("It is not known how Garrison is started here.", "Use ./garrison of your copy.")
        system = self._home.is_system
        files = await _as(caller, lambda places: install(places, launcher, _MARK, system=system))
        return DesktopEntries(files=files, changed=True)

    @sdk.action("Take out of the desktop's menus")
    async def off(self, caller: sdk.Caller) -> DesktopRemoved:
        """Take Garrison out of your desktop's menus again."""
        return DesktopRemoved(files=await _as(caller, remove))


async def _as(caller: sdk.Caller, deed: Callable[[Places], list[str]]) -> list[str]:
    """Do something to a person's own files, with their rights. Raises GarrisonError."""
    variables: dict[str, Any] = dict(os.environ) if caller.uid == os.geteuid() else {}
    places = Places.of(account_home(caller.uid), variables)
    async with Acting(caller.uid, caller.gid, caller.groups) as acting:
        try:
            return await acting.run(deed, places)
        except OSError as error:
            raise explain(error, "reach the entries of your desktop") from error
