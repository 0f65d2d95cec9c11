"""Events: what happened, once, for the journal, the reports and the people."""

from enum import StrEnum
from typing import ClassVar

from garrison.sdk.values import Frozen


class Severity(StrEnum):
    """How much it matters. Of an issue: critical makes the status red, important yellow, info neither."""

    INFO = "info"
    IMPORTANT = "important"
    CRITICAL = "critical"


class Counted(StrEnum):
    """What reports count over time."""

    THREATS = "threats"
    SCANS = "scans"
    BLOCKED = "blocked"
    UPDATES = "updates"


class Event(Frozen):
    """Something that happened. Its name is in the past tense; `says` tells it in one sentence with {fields}.

    counts: as what it is counted in reports.
    """

    says: ClassVar[str]
    severity: ClassVar[Severity] = Severity.INFO
    counts: ClassVar[tuple[Counted, ...]] = ()
