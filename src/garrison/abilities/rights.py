"""What callers may ask for, what the licence includes, and what a password can protect.

Read by the door and the supervisor.
"""

from enum import StrEnum

from garrison.base.errors import Refused, Unlicensed
from garrison.sdk import Access, Caller, Feature

_OWNERS = frozenset({Access.CONFIGURE, Access.WEAKEN})


class Scope(StrEnum):
    """What the password is asked for. password: changing it, which is always protected."""

    SETTINGS = "settings"
    BACKUP = "backup"
    PAUSE = "pause"
    EXIT = "exit"
    REMOVE = "remove"
    LICENCE = "licence"
    REPORTS = "reports"
    PASSWORD = "password"  # noqa: S105 # the name of a scope


SCOPE_TITLES = {
    Scope.SETTINGS: "Change settings",
    Scope.BACKUP: "Manage backups, and restore from them",
    Scope.PAUSE: "Pause, switch off or weaken protection",
    Scope.EXIT: "Stop Garrison",
    Scope.REMOVE: "Remove Garrison",
    Scope.LICENCE: "Change the subscription",
    Scope.REPORTS: "Look at reports",
    Scope.PASSWORD: "Change the password",
}
_BY_OPERATION: dict[str, Scope | None] = {
    "suite.shutdown": Scope.EXIT,
    "suite.allow-removal": Scope.REMOVE,
    "suite.journal": Scope.REPORTS,
    "suite.stay": None,  # to protect is no weakening
    "suite.password-set": Scope.PASSWORD,
    "suite.password-remove": Scope.PASSWORD,
    "suite.password-protect": Scope.PASSWORD,
    "suite.password-reset": None,  # for when it is forgotten; it asks for root itself
    "suite.settings-import": Scope.SETTINGS,
    "suite.settings-undo": Scope.SETTINGS,
    "suite.settings-restore": Scope.SETTINGS,
    "suite.settings-restore-defaults": Scope.SETTINGS,
}
_BY_COMPONENT = {"backup": Scope.BACKUP, "subscription": Scope.LICENCE}
_BY_ACCESS = {Access.CONFIGURE: Scope.SETTINGS, Access.WEAKEN: Scope.PAUSE}
_REPORTS = "suite.report-"


def scope_of(operation: str, access: Access) -> Scope | None:
    """Return what an operation is protected as; None when no password is ever asked for it."""
    if operation in _BY_OPERATION:
        return _BY_OPERATION[operation]
    if operation.startswith(_REPORTS):
        return Scope.REPORTS
    component = operation.partition(".")[0]
    if component in _BY_COMPONENT and access is not Access.VIEW:
        return _BY_COMPONENT[component]
    return _BY_ACCESS.get(access)


class Rights:
    """Says yes or raises. Without a subscription every feature is included: Garrison is free and complete."""

    def includes(self, feature: Feature) -> bool:
        """Return whether the licence includes a feature."""
        return feature in Feature

    def check_licence(self, feature: Feature, title: str) -> None:
        """Raise Unlicensed when the licence does not include what a component needs."""
        if not self.includes(feature):
            raise Unlicensed("{title} is not in your subscription.", title=title)

    def check_access(self, caller: Caller, access: Access, title: str) -> None:
        """Raise Refused when a caller has no right to an operation."""
        if access in _OWNERS and not caller.is_owner:
            raise Refused(
                "“{title}” changes how the whole computer is protected: only its owner may do that.",
                "Ask whoever looks after this computer, or use sudo.",
                title=title,
            )
