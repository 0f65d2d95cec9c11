"""What the groups of the suite's operations share: its settings, and what it is made of."""

from garrison.daemon.consents import Consents
from garrison.daemon.parts import Parts
from garrison.daemon.reports.desk import ReportsDesk
from garrison.daemon.scheduler import Scheduler
from garrison.daemon.settings_desk import SettingsDesk
from garrison.sdk import Component, Host, Settings, field


class SuiteSettings(Settings):
    """What a person can set of the suite as a whole."""

    journal_days: int = field(365, title="Keep the journal for so many days", ge=1, le=36_500)
    journal_mib: int = field(256, title="Keep no more of the journal than this (MiB)", ge=1, le=1024 * 1024)
    language: str = field(
        "", title="Language of letters and notices, such as de", pattern="^([a-z]{2}(_[A-Za-z]{2,4})?)?$"
    )
    ignored_issues: list[str] = field([], title="Issues to be told of no more", max_length=200)


class Operations(Component[SuiteSettings]):
    """A group of the suite's operations. It says which events it reports, and which short names it has."""

    def __init__(
        self, host: Host, settings: SuiteSettings, parts: Parts, scheduler: Scheduler, consents: Consents
    ) -> None:
        super().__init__(host, settings)
        self._desk = SettingsDesk(host, parts)
        self._reports = ReportsDesk(parts.store.path, parts.clock)
        self._parts = parts
        self._scheduler = scheduler
        self._consents = consents
