"""The suite itself, as a component: its operations are written in files of their own, a subject each."""

from typing import ClassVar

from garrison.daemon.audit import RequestsLeftOut
from garrison.daemon.door import FrameRefused, OperationCalled
from garrison.daemon.operations.base import Operations, SuiteSettings
from garrison.daemon.operations.ignoring import IgnoringOperations
from garrison.daemon.operations.inbox import InboxOperations
from garrison.daemon.operations.jobs import JobOperations
from garrison.daemon.operations.journal import JournalOperations
from garrison.daemon.operations.password import PasswordOperations
from garrison.daemon.operations.pausing import PausingOperations
from garrison.daemon.operations.reports import ReportOperations
from garrison.daemon.operations.running import RunningOperations
from garrison.daemon.operations.setting_up import SettingUpOperations
from garrison.daemon.operations.settings import SettingsOperations
from garrison.daemon.operations.settings_kept import SettingsKeptOperations
from garrison.daemon.operations.status import StatusOperations
from garrison.sdk import Event
from garrison.wire.manifest import SUITE

__all__ = ["Suite", "SuiteSettings"]

_GROUPS: tuple[type[Operations], ...] = (
    StatusOperations,
    IgnoringOperations,
    SettingsOperations,
    SettingsKeptOperations,
    JournalOperations,
    ReportOperations,
    JobOperations,
    InboxOperations,
    PausingOperations,
    PasswordOperations,
    SettingUpOperations,
    RunningOperations,
)


class Suite(
    RunningOperations,  # the last named come first in the help
    SettingUpOperations,
    PasswordOperations,
    PausingOperations,
    InboxOperations,
    JobOperations,
    ReportOperations,
    JournalOperations,
    SettingsKeptOperations,
    SettingsOperations,
    IgnoringOperations,
    StatusOperations,
):
    """Shows and steers the suite as a whole."""

    id: ClassVar[str] = SUITE
    title: ClassVar[str] = "Garrison"
    events: ClassVar[tuple[type[Event], ...]] = (
        OperationCalled,
        FrameRefused,
        RequestsLeftOut,
        *(event for group in _GROUPS for event in group.events),
    )
    aliases: ClassVar[dict[str, str]] = {alias: name for group in _GROUPS for alias, name in group.aliases.items()}
