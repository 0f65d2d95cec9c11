"""What an account wants to be told no more of: COMPONENT or COMPONENT.EVENT."""

import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from garrison.base.errors import Invalid, NotFound, Refused
from garrison.base.files import read_json, write_json
from garrison.sdk import Caller, Severity
from garrison.wire.manifest import Manifest

log = logging.getLogger(__name__)
_MOST = 500  # of one account


@dataclass(frozen=True, slots=True)
class Rule:
    """What is not told. uid: whom. at: since when, ISO 8601."""

    what: str
    uid: int
    at: str


class Rules:
    """The rules of all accounts, in one file; root and the account that the suite runs as are one."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._rules = self._read()

    def _read(self) -> list[Rule]:
        try:
            return [Rule(str(each["what"]), int(each["uid"]), str(each["at"])) for each in read_json(self._file)]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:  # all is told again: nothing is kept quiet by it
            log.warning("what is not to be told could not be read: %s", error)
            return []

    def of(self, caller: Caller) -> list[Rule]:
        """Return an account's rules, in the order they were made."""
        return [rule for rule in self._rules if rule.uid == voice(caller.uid)]

    def mutes(self, kind: str, severity: Severity, uid: int) -> bool:
        """Return whether an account wants not to be told of a COMPONENT.EVENT; what is critical is told always."""
        names = {kind, kind.partition(".")[0]}
        return severity is not Severity.CRITICAL and any(
            rule.what in names and rule.uid == voice(uid) for rule in self._rules
        )

    def add(self, what: str, caller: Caller, at: str) -> None:
        """Make a rule. Raises Refused when there are too many, and what writing raises."""
        if len(self.of(caller)) >= _MOST:
            raise Refused(
                "There are {count} rules already.", "garrison notifications unmute takes some away.", count=_MOST
            )
        if what not in {rule.what for rule in self.of(caller)}:
            self._keep([*self._rules, Rule(what, voice(caller.uid), at)])

    def remove(self, what: str, caller: Caller) -> int:
        """Take a rule away, or for "" all of an account; return how many. Raises NotFound."""
        gone = [rule for rule in self.of(caller) if what in {"", rule.what}]
        if what and not gone:
            raise NotFound("“{what}” is told already.", "garrison notifications list shows what is not.", what=what)
        self._keep([rule for rule in self._rules if rule not in gone])
        return len(gone)

    def _keep(self, rules: list[Rule]) -> None:
        write_json(self._file, [asdict(rule) for rule in rules])
        self._rules = rules


def check(what: str, manifests: Mapping[str, Manifest]) -> None:
    """Raise Invalid for what is no COMPONENT or COMPONENT.EVENT, Refused for an event that is critical."""
    name, _, event = what.partition(".")
    manifest = manifests.get(name)
    if manifest is None:
        raise Invalid("There is no component “{name}”.", "garrison --help lists what there is.", name=name)
    events = {kind.id: kind.severity for kind in manifest.events}
    if event and event not in events:
        advice: Any = ", ".join(events) or "-"
        raise Invalid("{name} tells of no “{event}”.", "It tells of: {events}", name=name, event=event, events=advice)
    if event and events[event] == Severity.CRITICAL.value:
        raise Refused(
            "“{what}” is critical, and always told.",
            "By which ways, the setting notifications.critical says.",
            what=what,
        )


def voice(uid: int) -> int:
    """Return for whom an account speaks."""
    return os.geteuid() if uid == 0 else uid
