"""The settings book: defaults, then the owner's. A change is all or nothing, and survives a kill at any point."""

import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError, Invalid, NotFound, Unavailable
from garrison.base.files import explain, read_json, write_json
from garrison.sdk import AnyComponent, Settings
from garrison.sdk.plain import to_plain, validate
from garrison.sdk.values import values_of

log = logging.getLogger(__name__)
_VERSION = 1
Stored = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Proposal:
    """Settings as they would be, checked but not yet in force. stored: what the file would hold.

    before, after: the settings of the components that change.
    """

    stored: Stored
    before: dict[str, Settings]
    after: dict[str, Settings]

    def differences(self) -> list[tuple[str, str, Any, Any]]:
        """Return component, setting, old and new value of all that would be another."""
        return [
            (name, setting, getattr(self.before[name], setting), getattr(after, setting))
            for name, after in self.after.items()
            for setting in type(after).model_fields
            if getattr(self.before[name], setting) != getattr(after, setting)
        ]


class SettingsBook:
    """Settings by component. damaged: what was wrong with the file when it was read, "" when nothing was."""

    def __init__(self, folder: Path, components: Mapping[str, type[AnyComponent]]) -> None:
        """Read the file. Raises Unavailable when a newer Garrison wrote it, and what reading raises."""
        self.folder = folder
        self._file = folder / "settings.json"
        self._copy = folder / "settings.copy.json"
        self._types = {name: cls.settings_type() for name, cls in components.items()}
        self.damaged = ""
        self._stored = self._read()
        self._current = {name: self._make(name) for name in self._types}

    def _read(self) -> Stored:
        try:
            return _components(read_json(self._file))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise explain(error, "read {path}", path=self._file) from error
        except ValueError as error:
            self.damaged = f"{self._file}: {error}"
        stored = self._read_copy()
        try:
            shutil.copyfile(self._file, self._file.with_name("settings.damaged.json"))
        except OSError as error:
            raise explain(error, "keep the damaged {path}", path=self._file) from error
        write_json(self._file, {"version": _VERSION, "components": stored})
        return stored

    def _read_copy(self) -> Stored:
        try:
            return _components(read_json(self._copy))
        except (OSError, ValueError):
            return {}

    def _make(self, name: str, stored: Stored | None = None) -> Settings:
        """Return a component's settings; a stored value that no longer fits gives way to its default."""
        model = self._types[name]
        known = values_of(model)
        good = {}
        for key, value in (self._stored if stored is None else stored).get(name, {}).items():
            if key not in model.model_fields:
                continue  # of another version: it is kept in the file
            try:
                validate(model, {key: value}, known)
            except Invalid as error:
                self.damaged = self.damaged or f"{name}: {error.text}"
            else:
                good[key] = value
        try:
            return validate(model, good, known)
        except Invalid as error:  # each is fine, but not together
            self.damaged = self.damaged or f"{name}: {error.text}"
            return model()

    def of(self, name: str) -> Settings:
        """Return a component's settings. Raises NotFound."""
        if name not in self._current:
            raise NotFound("There is no component “{name}”.", "garrison --help lists them.", name=name)
        return self._current[name]

    @property
    def stored(self) -> Stored:
        """What the file holds: the settings that somebody set, by component."""
        return self._stored

    def model(self, name: str) -> type[Settings]:
        """Return what a component's settings can be. Raises NotFound."""
        return type(self.of(name))

    @property
    def names(self) -> list[str]:
        """The components that have settings."""
        return list(self._types)

    def propose(self, wanted: Mapping[str, Mapping[str, Any]]) -> Proposal:
        """Return settings with changes, by component. Raises NotFound, Invalid that names every mistake in all."""
        mistakes, stored = [], dict(self._stored)
        before: dict[str, Settings] = {}
        after: dict[str, Settings] = {}
        for name, values in wanted.items():
            try:
                before[name] = self.of(name)
                after[name], stored[name] = self._changed(name, values)
            except (Invalid, NotFound) as error:
                if len(wanted) == 1:
                    raise
                mistakes.append(f"{name}: {error.text}" if isinstance(error, Invalid) else error.text)
        if mistakes:
            raise Invalid(" ".join(mistakes))
        return Proposal(stored, before, after)

    def _changed(self, name: str, values: Mapping[str, Any]) -> tuple[Settings, dict[str, Any]]:
        old, model, own = self.of(name), self._types[name], self._stored.get(name, {})
        kept = {key: to_plain(getattr(old, key), reveal=True) for key in own if key in model.model_fields}
        new = validate(model, {**kept, **values}, values_of(model))
        return new, {**own, **{key: to_plain(getattr(new, key), reveal=True) for key in (*kept, *values)}}

    def propose_stored(self, stored: Stored) -> Proposal:
        """Return settings as a file held them once. What does not fit any more gives way to its default."""
        damaged = self.damaged
        after = {name: self._make(name, stored) for name in self._types}
        self.damaged = damaged
        changed = {name: new for name, new in after.items() if new != self._current[name]}
        return Proposal(stored, {name: self._current[name] for name in changed}, changed)

    def adopt(self, proposal: Proposal) -> None:
        """Put settings in force, all of them or none. Raises what writing the file raises."""
        self._write(proposal.stored)
        self._current |= proposal.after

    def change(self, name: str, values: Mapping[str, Any]) -> tuple[Settings, Settings]:
        """Change some settings of a component and return the old and the new; all of them or none.

        Raises NotFound, Invalid that names every mistake, and what writing the file raises.
        """
        proposal = self.propose({name: values})
        self.adopt(proposal)
        return proposal.before[name], proposal.after[name]

    def _write(self, stored: Stored) -> None:
        content = {"version": _VERSION, "components": stored}
        write_json(self._file, content)
        self._stored = stored
        try:
            write_json(self._copy, content)
        except GarrisonError as error:  # the change itself is made
            log.warning("%s", error.text)


def _components(untrusted: Any) -> Stored:
    """Return the settings in a file's content. Raises ValueError when it is not ours, Unavailable when it is newer."""
    if not isinstance(untrusted, dict):
        raise ValueError("this is no settings file")  # noqa: TRY004 # one kind of error for a damaged file
    version = untrusted.get("version")
    if isinstance(version, int) and version > _VERSION:
        raise Unavailable("The settings were written by a newer Garrison.", "Upgrade Garrison; nothing was changed.")
    stored = untrusted.get("components")
    if not isinstance(stored, dict) or not all(isinstance(value, dict) for value in stored.values()):
        raise ValueError("this is no settings file")
    return stored
