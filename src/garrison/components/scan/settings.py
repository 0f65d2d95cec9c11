"""The settings of scans."""

from enum import StrEnum
from typing import Annotated

from garrison import sdk
from garrison.abilities.response import Action
from garrison.engine.heuristics.levels import Level

MOST_MASKS = 100
MOST_PATHS = 10_000
MOST_NUMBERS = 100
Mask = Annotated[sdk.UntrustedText, sdk.about("Mask", max_length=1000)]
Hash = Annotated[str, sdk.about("Hash", max_length=64)]


class GoOn(StrEnum):
    """Which scans go on by themselves when the suite starts again after it was ended in the midst of them."""

    NONE = "none"
    OWN = "those-that-ran-by-themselves"
    ALL = "all"


class ScanSettings(sdk.Settings):
    """How scans go about it."""

    action: Action = sdk.field(Action.REPORT, title="What to do about threats when you scan by hand")
    automatic_action: Action = sdk.field(
        Action.AUTOMATIC, title="What to do about threats in scans that run by themselves"
    )
    exclude_masks: list[Mask] = sdk.field([], title="Leave out paths that fit these masks", max_length=MOST_MASKS)
    exclude_names: list[Mask] = sdk.field([], title="Leave out threats of these names", max_length=MOST_MASKS)
    exclude_hashes: list[Hash] = sdk.field([], title="Leave out files with these SHA-256 hashes", max_length=MOST_PATHS)
    seconds_per_object: int = sdk.field(30, title="Give up on one file after (seconds)", ge=1, le=3600)
    object_mib: int = sdk.field(100, title="Look at so much of one object (MiB)", ge=1, le=1024)
    file_mib: int = sdk.field(400, title="Unpack so much of one file (MiB)", ge=1, le=10_240)
    members: int = sdk.field(10_000, title="Look at so many objects in one file", ge=1, le=1_000_000)
    depth: int = sdk.field(16, title="Open archives in archives so deep", ge=1, le=64)
    ratio: int = sdk.field(250, title="Stop where an archive unpacks to so many times its size", ge=10, le=100_000)
    heuristics: Level = sdk.field(Level.MEDIUM, title="How soon something unknown is called suspicious")
    go_on: GoOn = sdk.field(GoOn.OWN, title="After a restart, go on with scans that were cut short")
    quick_seconds: int = sdk.field(50, title="End a quick scan after (seconds)", ge=5, le=3600)
