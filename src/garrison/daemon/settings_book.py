"""The settings book: defaults, then the owner's. A change is all or nothing, and survives a kill at any point."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from garrison.base.errors import Invalid, NotFound, Unavailable
from garrison.base.files import read_json, write_json
from garrison.sdk import AnyComponent, Settings
from garrison.sdk.plain import to_plain, validate
from garrison.sdk.values import values_of

_VERSION = 1


class SettingsBook:
    """Settings by component. damaged: what was wrong with the file when it was read, "" when nothing was."""

    def __init__(self, folder: Path, components: Mapping[str, type[AnyComponent]]) -> None:
        """Read the file. Raises Unavailable when a newer Garrison wrote it."""
        self._file = folder / "settings.json"
        self._previous = folder / "settings.previous.json"
        self._types = {name: cls.settings_type() for name, cls in components.items()}
        self.damaged = ""
        self._stored: dict[str, dict[str, Any]] = self._read()
        self._current = {name: self._make(name) for name in self._types}

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            return _components(read_json(self._file))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            self.damaged = f"{self._file}: {error}"
        broken = self._file.with_name("settings.damaged.json")
        self._file.replace(broken)
        try:
            stored = _components(read_json(self._previous))
        except (OSError, ValueError):
            return {}
        write_json(self._file, {"version": _VERSION, "components": stored})
        return stored

    def _make(self, name: str) -> Settings:
        """Return a component's settings; a stored value that no longer fits gives way to its default."""
        model = self._types[name]
        stored = {key: value for key, value in self._stored.get(name, {}).items() if key in model.model_fields}
        try:
            return validate(model, stored, values_of(model))
        except Invalid as error:
            self.damaged = self.damaged or f"{name}: {error.text}"
        good = {}
        for key, value in stored.items():
            try:
                validate(model, {key: value}, values_of(model))
            except Invalid:
                continue
            good[key] = value
        return validate(model, good, values_of(model))

    def of(self, name: str) -> Settings:
        """Return a component's settings. Raises NotFound."""
        if name not in self._current:
            raise NotFound(f"There is no component “{name}”.", "garrison status --all lists them.")
        return self._current[name]

    def change(self, name: str, values: Mapping[str, Any]) -> tuple[Settings, Settings]:
        """Change some settings of a component and return the old and the new; all of them or none.

        Raises NotFound, Invalid that names every mistake, and what writing the file raises.
        """
        old = self.of(name)
        model = self._types[name]
        stored = {**self._stored.get(name, {}), **values}
        known = {key: value for key, value in stored.items() if key in model.model_fields or key in values}
        new = validate(model, known, values_of(model))
        plain = {key: _to_store(getattr(new, key)) for key in known}
        self._write({**self._stored, name: {**self._stored.get(name, {}), **plain}})
        self._current[name] = new
        return old, new

    def reset(self, name: str) -> tuple[Settings, Settings]:
        """Give a component its defaults again; return the old settings and the new."""
        old = self.of(name)
        self._write({key: value for key, value in self._stored.items() if key != name})
        self._current[name] = self._types[name]()
        return old, self._current[name]

    def _write(self, stored: dict[str, dict[str, Any]]) -> None:
        write_json(self._previous, {"version": _VERSION, "components": self._stored})
        write_json(self._file, {"version": _VERSION, "components": stored})
        self._stored = stored


def _to_store(value: Any) -> Any:
    reveal: Callable[[], str] | None = getattr(value, "get_secret_value", None)
    return reveal() if reveal else to_plain(value)


def _components(untrusted: Any) -> dict[str, dict[str, Any]]:
    """Return the settings in a file's content. Raises ValueError when it is not ours, Unavailable when it is newer."""
    if not isinstance(untrusted, dict) or not isinstance(untrusted.get("components"), dict):
        raise ValueError("this is no settings file")  # noqa: TRY004 # one kind of error for a damaged file
    if isinstance(untrusted.get("version"), int) and untrusted["version"] > _VERSION:
        raise Unavailable("The settings were written by a newer Garrison.", "Upgrade Garrison; nothing was changed.")
    if not all(isinstance(value, dict) for value in untrusted["components"].values()):
        raise ValueError("this is no settings file")
    stored: dict[str, dict[str, Any]] = untrusted["components"]
    return stored
