"""Showing and changing settings."""

from typing import Annotated, ClassVar

from garrison.daemon.operations.base import Operations
from garrison.daemon.suite_results import SettingChanged, SettingRow
from garrison.sdk import Access, Caller, Event, Said, about, action


class SettingsOperations(Operations):
    """Show and change settings."""

    events: ClassVar[tuple[type[Event], ...]] = (SettingChanged,)
    aliases: ClassVar[dict[str, str]] = {
        "settings": "settings-list",
        "settings list": "settings-list",
        "settings get": "settings-get",
        "settings set": "settings-set",
        "settings change": "settings-change",
    }

    @action("Settings", access=Access.VIEW)
    def settings_list(
        self, caller: Caller, component: Annotated[str, about("Of this component only")] = ""
    ) -> list[SettingRow]:
        """List the settings with their values, defaults and meaning."""
        return self._desk.rows(caller, component)

    @action("Show a setting", access=Access.VIEW)
    def settings_get(self, caller: Caller, name: Annotated[str, about("COMPONENT.SETTING")]) -> SettingRow:
        """Show one setting."""
        return self._desk.row(caller, name)

    @action("Change a setting", access=Access.CONFIGURE)
    async def settings_set(
        self,
        name: Annotated[str, about("COMPONENT.SETTING")],
        values: Annotated[list[str], about("The value; several for a list, none for an empty list")],
        caller: Caller,
    ) -> Said:
        """Change one setting."""
        return Said.of("{name} is now {set}.", name=name, set=await self._desk.set(caller, name, values))

    @action("Change several settings", access=Access.CONFIGURE)
    async def settings_change(
        self,
        component: Annotated[str, about("Of this component", max_length=100)],
        values: Annotated[list[str], about("NAME=VALUE; one of a list for each entry, NAME alone: an empty one")],
        caller: Caller,
    ) -> Said:
        """Change several settings of a component, all of them or none."""
        names = await self._desk.change_many(caller, component, values)
        return Said.of("Changed: {names}.", names=", ".join(names))
