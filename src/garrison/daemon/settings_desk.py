"""Where settings are asked for and changed: by their names, in words, each change written down and taken up."""

from collections.abc import Mapping
from typing import Any

from garrison.base.errors import GarrisonError, Invalid, NotFound, Refused
from garrison.daemon.isolation import outcome
from garrison.daemon.parts import Parts
from garrison.daemon.suite_results import SettingChanged, SettingRow
from garrison.sdk import Access, AnyComponent, Caller, Host, Settings
from garrison.sdk.plain import to_plain
from garrison.sdk.values import values_of
from garrison.wire.manifest import SUITE

_SWITCH = "enabled"


class SettingsDesk:
    """Shows and changes the settings of the suite and its components."""

    def __init__(self, host: Host, parts: Parts) -> None:
        self._host = host
        self._parts = parts

    def rows(self, caller: Caller, component: str) -> list[SettingRow]:
        """Return the settings of a component, or of all with "". Raises Refused, NotFound."""
        if not caller.is_owner:  # they tell where the suite does not look
            raise Refused(
                "How Garrison is set is shown to its owner only.",
                "Ask whoever looks after this computer, or use sudo.",
            )
        names = [component] if component else [SUITE, *self._parts.components]
        return [row for name in names for row in self._of(name)]

    def _of(self, name: str) -> list[SettingRow]:
        settings = self._parts.book.of(name)
        return [
            SettingRow(
                name=f"{name}.{value.name}",
                value=to_plain(getattr(settings, value.name)),
                default=value.default,
                title=value.title,
                kind=value.kind,
            )
            for value in values_of(type(settings))
            if (name, value.name) != (SUITE, _SWITCH)  # it is started and stopped, not switched
        ]

    def row(self, caller: Caller, name: str) -> SettingRow:
        """Return one setting. Raises Refused, NotFound."""
        for row in self.rows(caller, name.partition(".")[0]):
            if row.name == name:
                return row
        raise NotFound(f"There is no setting “{name}”.", "garrison settings list shows them all.")

    async def set(self, caller: Caller, name: str, values: list[str]) -> str:
        """Change one setting; return its new value in words. Raises Refused, NotFound, Invalid."""
        row = self.row(caller, name)
        component, _, setting = name.partition(".")
        is_list = isinstance(row.default, list)
        if not is_list and len(values) != 1:
            raise Invalid(f"{name} takes one value.", f"Its value now: {row.value}")
        if setting == _SWITCH:
            self._parts.door.rights.check_access(caller, Access.WEAKEN, row.title)
        await self.change(caller, component, {setting: values if is_list else values[0]})
        return _shown(self.row(caller, name).value)

    async def change_many(self, caller: Caller, component: str, texts: list[str]) -> list[str]:
        """Change settings by texts NAME=VALUE; return their names. Raises Refused, NotFound, Invalid."""
        lists = {row.name.partition(".")[2]: isinstance(row.default, list) for row in self.rows(caller, component)}
        values: dict[str, Any] = {}
        for text in texts:
            name, is_set, value = text.partition("=")
            if lists.get(name, not is_set):
                values.setdefault(name, []).extend([value] if is_set else [])
            else:
                values[name] = value
        if _SWITCH in values:
            self._parts.door.rights.check_access(caller, Access.WEAKEN, "Switched on")
        await self.change(caller, component, values)
        return list(values)

    def switchable(self, name: str) -> AnyComponent:
        """Return a component that can be switched on and off. Raises NotFound."""
        if name not in self._parts.components:
            raise NotFound(f"There is no component “{name}”.", "garrison --help lists them.")
        return self._parts.components[name]

    async def change(self, caller: Caller, component: str, values: Mapping[str, Any]) -> None:
        """Change some settings of a component. Raises NotFound, Invalid, and what taking them up raises."""
        if _SWITCH in values:
            self.switchable(component)
        self._parts.book.of(component)  # says when there is none
        values = self._parts.door.components[component].completed(values)
        old, new = self._parts.book.change(component, values)
        await self._apply(component, old, new, caller)

    async def reset(self, caller: Caller, component: str) -> None:
        """Give a component its defaults. Raises NotFound, and what taking them up raises."""
        old, new = self._parts.book.reset(component)
        await self._apply(component, old, new, caller)

    async def _apply(self, name: str, old: Settings, new: Settings, caller: Caller) -> None:
        component = self._parts.door.components[name]
        component.settings = new
        taken_up = outcome(component.settings_changed, f"give {name} its settings")
        for setting in type(new).model_fields:
            before, after = getattr(old, setting), getattr(new, setting)
            if before != after:
                event = SettingChanged(
                    setting=f"{name}.{setting}",
                    old=_shown(to_plain(before)),
                    new=_shown(to_plain(after)),
                    uid=caller.uid,
                )
                self._host.report(event, caller.uid)
        if old.enabled and not new.enabled:
            await self._parts.supervisor.stop(name)
        if new.enabled and not old.enabled:
            self._parts.supervisor.start(name)
        if isinstance(taken_up, GarrisonError):
            raise taken_up


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "empty"
    return str(value)
