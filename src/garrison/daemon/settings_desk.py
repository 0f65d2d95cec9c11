"""Where settings are asked for and changed: by their names, in words, each change written down and taken up."""

from collections.abc import Mapping
from typing import Any

from garrison.abilities.rights import Scope
from garrison.base.errors import GarrisonError, Invalid, NotFound, Refused
from garrison.daemon.isolation import outcome, outcome_of
from garrison.daemon.parts import Parts
from garrison.daemon.settings_book import Proposal, Stored
from garrison.daemon.settings_history import History
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
        self.history = History(parts.book.folder, parts.clock)

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
        raise NotFound("There is no setting “{name}”.", "garrison settings list shows them all.", name=name)

    async def set(self, caller: Caller, name: str, values: list[str]) -> str:
        """Change one setting; return its new value in words. Raises Refused, NotFound, Invalid."""
        row = self.row(caller, name)
        component, _, setting = name.partition(".")
        is_list = isinstance(row.default, list)
        if not is_list and len(values) != 1:
            raise Invalid("{name} takes one value.", "Its value now: {value}", name=name, value=row.value)
        if setting == _SWITCH:
            self._parts.door.rights.check_access(caller, Access.WEAKEN, row.title)
        await self.change(caller, component, {setting: values if is_list else values[0]})
        return shown(self.row(caller, name).value)

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
            raise NotFound("There is no component “{name}”.", "garrison --help lists them.", name=name)
        return self._parts.components[name]

    async def change(self, caller: Caller, component: str, values: Mapping[str, Any]) -> None:
        """Change some settings of a component. Raises NotFound, Invalid, and what taking them up raises."""
        if _SWITCH in values:
            self.switchable(component)
        self._parts.book.of(component)  # says when there is none
        proposal = self.proposal({component: values})
        self._check_switching(caller, proposal)
        if not proposal.differences():
            self._parts.book.adopt(proposal)
            return
        entry = self.history.add(caller.uid, "changed", proposal, self._parts.book.stored)
        try:
            self._parts.book.adopt(proposal)
        except GarrisonError:
            self.history.drop(entry)
            raise
        await self._apply(component, proposal.before[component], proposal.after[component], caller)

    def proposal(self, wanted: Mapping[str, Mapping[str, Any]]) -> Proposal:
        """Return what changes would come to, by component, with those that go with them. Raises NotFound, Invalid."""
        known = self._parts.door.components
        completed = {
            name: known[name].completed(values) if name in known else values for name, values in wanted.items()
        }
        return self._parts.book.propose(completed)

    async def carry_out(self, caller: Caller, proposal: Proposal, how: str) -> None:
        """Put settings of several components in force: all of them, or none when one cannot be taken up.

        how: what is being done, for the history. Raises what writing and taking them up raises.
        """
        self._check_switching(caller, proposal)
        book, was = self._parts.book, self._parts.book.stored
        entry = self.history.add(caller.uid, how, proposal, was)
        try:
            book.adopt(proposal)
            await self._apply_all(proposal, caller)
        except GarrisonError:
            await self._return_to(was, caller)
            self.history.drop(entry)
            raise

    def _check_switching(self, caller: Caller, proposal: Proposal) -> None:
        """Raise PasswordNeeded where something would be switched off by a way round the switch."""
        if any(proposal.before[name].enabled and not new.enabled for name, new in proposal.after.items()):
            self._parts.door.tickets.check(caller, Scope.PAUSE)

    async def _return_to(self, was: Stored, caller: Caller) -> None:
        back = self._parts.book.propose_stored(was)
        self._parts.book.adopt(back)
        for name, new in back.after.items():
            await outcome_of(self._apply(name, back.before[name], new, caller), f"give {name} its settings back")

    async def _apply_all(self, proposal: Proposal, caller: Caller) -> None:
        for name, new in proposal.after.items():
            if new != proposal.before[name]:
                await self._apply(name, proposal.before[name], new, caller)

    async def _apply(self, name: str, old: Settings, new: Settings, caller: Caller) -> None:
        component = self._parts.door.components[name]
        component.settings = new
        taken_up = outcome(component.settings_changed, f"give {name} its settings")
        for setting in type(new).model_fields:
            before, after = getattr(old, setting), getattr(new, setting)
            if before != after:
                event = SettingChanged(
                    setting=f"{name}.{setting}",
                    old=shown(to_plain(before)),
                    new=shown(to_plain(after)),
                    uid=caller.uid,
                )
                self._host.report(event, caller.uid)
        if old.enabled and not new.enabled:
            await self._parts.supervisor.stop(name)
        if new.enabled and not old.enabled:
            self._parts.supervisor.start(name)
        if isinstance(taken_up, GarrisonError):
            raise taken_up


def shown(value: Any) -> str:
    """Return a setting's plain value in words."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in value) or "empty"
    return str(value)
