"""What a person can set about drives that are connected."""

from enum import StrEnum
from typing import Annotated

from garrison import sdk

_Name = Annotated[str, sdk.about("Name of a device, without /dev/", pattern=r"^[A-Za-z0-9][A-Za-z0-9!._-]{0,63}$")]


class Way(StrEnum):
    """How a drive is scanned. quick: what starts, runs or holds macros; ignore: not at all."""

    QUICK = "quick"
    FULL = "full"
    IGNORE = "ignore"


class OnConnection(StrEnum):
    """What is done when a drive is connected."""

    ASK = "ask"
    QUICK = "quick"
    FULL = "full"
    IGNORE = "ignore"


class RemovableDrivesSettings(sdk.Settings):
    """What is done when a drive is connected and mounted."""

    on_connection: OnConnection = sdk.field(OnConnection.ASK, title="When a drive is connected")
    largest_gib: int = sdk.field(64, title="Ask before a larger drive is scanned (GiB)", ge=1, le=1024 * 1024)
    unanswered: Way = sdk.field(Way.QUICK, title="When nobody answers in time")
    wait_minutes: int = sdk.field(10, title="Wait for an answer (minutes)", ge=1, le=1440)
    optical: bool = sdk.field(True, title="Take CDs and DVDs for drives too")
    also: tuple[_Name, ...] = sdk.field(
        (), own=True, title="Take these devices for removable too, such as sdc or loop7", max_length=32
    )
