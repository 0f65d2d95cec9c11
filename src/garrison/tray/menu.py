"""The tray item's menu (com.canonical.dbusmenu, as libdbusmenu's XML describes it), flat: a list of entries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dbus_fast import PropertyAccess, Variant
from dbus_fast.service import ServiceInterface, dbus_property, method, signal

# The annotations below are D-Bus signatures, as the library wants them.
_ROOT = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry. do: what it does; None: it only says something. label: "" for a line."""

    label: str
    do: Callable[[], None] | None = None


class Menu(ServiceInterface):
    """Serves the entries; their numbers are their places, from 1 on."""

    def __init__(self, entries: list[Entry]) -> None:
        super().__init__("com.canonical.dbusmenu")
        self._entries = entries
        self._revision = 1

    def change(self, entries: list[Entry]) -> None:
        """Show other entries from now on."""
        if [each.label for each in entries] != [each.label for each in self._entries]:
            self._revision += 1
            self._entries = entries
            self.LayoutUpdated()
        self._entries = entries

    def _properties(self, number: int) -> dict[str, Variant]:
        if number == _ROOT:
            return {"children-display": Variant("s", "submenu")}
        entry = self._entries[number - 1]
        if not entry.label:
            return {"type": Variant("s", "separator")}
        label = entry.label.replace("_", "__")  # one would mark a key
        return {"label": Variant("s", label), "enabled": Variant("b", entry.do is not None)}

    def _numbers(self) -> range:
        return range(1, len(self._entries) + 1)

    def _press(self, number: int, event: str) -> None:
        if event == "clicked" and number in self._numbers():
            do = self._entries[number - 1].do
            if do is not None:
                do()

    @method()
    def GetLayout(self, parent: "i", depth: "i", names: "as") -> "u(ia{sv}av)":  # type: ignore[name-defined, valid-type]
        children = [Variant("(ia{sv}av)", [each, self._properties(each), []]) for each in self._numbers()]
        if parent != _ROOT:
            known = self._properties(parent) if parent in self._numbers() else {}
            return [self._revision, [parent, known, []]]
        return [self._revision, [_ROOT, self._properties(_ROOT), children if depth else []]]

    @method()
    def GetGroupProperties(self, ids: "ai", names: "as") -> "a(ia{sv})":  # type: ignore[name-defined, valid-type]
        wanted = [each for each in ids if each in self._numbers()] if ids else list(self._numbers())
        return [[each, self._properties(each)] for each in wanted]

    @method()
    def GetProperty(self, number: "i", name: "s") -> "v":  # type: ignore[name-defined]
        known = self._properties(number) if number in self._numbers() else {}
        return known.get(name, Variant("s", ""))

    @method()
    def Event(self, number: "i", event: "s", data: "v", at: "u") -> None:  # type: ignore[name-defined]
        self._press(number, event)

    @method()
    def EventGroup(self, events: "a(isvu)") -> "ai":  # type: ignore[name-defined, valid-type]
        for number, event, _, _ in events:
            self._press(number, event)
        return [each[0] for each in events if each[0] not in self._numbers()]

    @method()
    def AboutToShow(self, number: "i") -> "b":  # type: ignore[name-defined]
        return False

    @method()
    def AboutToShowGroup(self, ids: "ai") -> "aiai":  # type: ignore[name-defined]
        nothing: list[Any] = []
        return [nothing, nothing]

    @dbus_property(access=PropertyAccess.READ)
    def Version(self) -> "u":  # type: ignore[name-defined]
        return 3

    @dbus_property(access=PropertyAccess.READ)
    def Status(self) -> "s":  # type: ignore[name-defined]
        return "normal"

    @dbus_property(access=PropertyAccess.READ)
    def TextDirection(self) -> "s":  # type: ignore[name-defined]
        return "ltr"

    @dbus_property(access=PropertyAccess.READ)
    def IconThemePath(self) -> "as":  # type: ignore[valid-type]
        return []

    @signal()
    def LayoutUpdated(self) -> "ui":  # type: ignore[name-defined]
        return [self._revision, _ROOT]
