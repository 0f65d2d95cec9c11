"""The settings of scans, and what their levels mean."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities import levels
from garrison.abilities.levels import Level
from garrison.abilities.response import Action
from garrison.abilities.scanner import Way
from garrison.engine.budget import MIB, Limits
from garrison.engine.heuristics.levels import Level as Heuristics

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


class Kind(StrEnum):
    """Kinds of scans that have settings of their own. usual: all others."""

    USUAL = "usual"
    QUICK = "quick"
    FULL = "full"
    REMOVABLE = "removable"
    BACKGROUND = "background"


class OwnLevel(StrEnum):
    """The level of one kind of scan. same: as it is set for all."""

    SAME = "same"
    HIGH = "high"
    RECOMMENDED = "recommended"
    LOW = "low"


DETAILS: levels.Details = {
    Level.HIGH: {
        "archives": True,
        "heuristics": Heuristics.DEEP,
        "seconds_per_object": 120,
        "object_mib": 400,
        "file_mib": 2048,
        "members": 100_000,
        "depth": 32,
        "ratio": 1000,
    },
    Level.RECOMMENDED: {
        "archives": True,
        "heuristics": Heuristics.MEDIUM,
        "seconds_per_object": 30,
        "object_mib": 100,
        "file_mib": 400,
        "members": 10_000,
        "depth": 16,
        "ratio": 250,
    },
    Level.LOW: {
        "archives": False,
        "heuristics": Heuristics.LIGHT,
        "seconds_per_object": 10,
        "object_mib": 32,
        "file_mib": 64,
        "members": 1000,
        "depth": 8,
        "ratio": 100,
    },
}
_USUAL = DETAILS[Level.RECOMMENDED]


class ScanSettings(sdk.Settings):
    """How scans go about it."""

    action: Action = sdk.field(Action.REPORT, title="What to do about threats when you scan by hand")
    automatic_action: Action = sdk.field(
        Action.AUTOMATIC, title="What to do about threats in scans that run by themselves"
    )
    exclude_masks: list[Mask] = sdk.field(
        [], own=True, title="Leave out paths that fit these masks", max_length=MOST_MASKS
    )
    exclude_names: list[Mask] = sdk.field([], own=True, title="Leave out threats of these names", max_length=MOST_MASKS)
    exclude_hashes: list[Hash] = sdk.field(
        [], own=True, title="Leave out files with these SHA-256 hashes", max_length=MOST_PATHS
    )
    level: Level = sdk.field(Level.RECOMMENDED, title="Level; it sets the next eight")
    archives: bool = sdk.field(_USUAL["archives"], title="Look inside archives")
    heuristics: Heuristics = sdk.field(_USUAL["heuristics"], title="How soon something unknown is called suspicious")
    seconds_per_object: int = sdk.field(
        _USUAL["seconds_per_object"], title="Give up on one file after (seconds)", ge=1, le=3600
    )
    object_mib: int = sdk.field(_USUAL["object_mib"], title="Look at so much of one object (MiB)", ge=1, le=1024)
    file_mib: int = sdk.field(_USUAL["file_mib"], title="Unpack so much of one file (MiB)", ge=1, le=10_240)
    members: int = sdk.field(_USUAL["members"], title="Look at so many objects in one file", ge=1, le=1_000_000)
    depth: int = sdk.field(_USUAL["depth"], title="Open archives in archives so deep", ge=1, le=64)
    ratio: int = sdk.field(
        _USUAL["ratio"], title="Stop where an archive unpacks to so many times its size", ge=10, le=100_000
    )
    quick_level: OwnLevel = sdk.field(OwnLevel.SAME, title="Level of quick scans")
    full_level: OwnLevel = sdk.field(OwnLevel.SAME, title="Level of full scans")
    removable_level: OwnLevel = sdk.field(OwnLevel.SAME, title="Level of scans of removable drives")
    background_level: OwnLevel = sdk.field(OwnLevel.SAME, title="Level of background scans")
    quick_low_priority: bool = sdk.field(False, title="Let quick scans give way to other programs")
    full_low_priority: bool = sdk.field(False, title="Let full scans give way to other programs")
    background_low_priority: bool = sdk.field(True, title="Let background scans give way to other programs")
    go_on: GoOn = sdk.field(GoOn.OWN, title="After a restart, go on with scans that were cut short")
    quick_seconds: int = sdk.field(50, title="End a quick scan after (seconds)", ge=5, le=3600)


def completed(settings: ScanSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that a person made, with those that go with them."""
    return levels.completed(DETAILS, lambda name: getattr(settings, name), values)


def way_of(settings: ScanSettings, kind: Kind) -> Way:
    """Return how a kind of scan examines objects."""
    own = OwnLevel.SAME if kind is Kind.USUAL else OwnLevel(getattr(settings, f"{kind.value}_level"))
    details = {name: getattr(settings, name) for name in _USUAL} if own is OwnLevel.SAME else DETAILS[Level(own.value)]
    limits = Limits(
        object_bytes=details["object_mib"] * MIB,
        total_bytes=details["file_mib"] * MIB,
        members=details["members"],
        depth=details["depth"],
        ratio=details["ratio"],
        archives=int(details["archives"]),
    )
    return Way(limits, float(details["seconds_per_object"]), details["heuristics"])


def gives_way(settings: ScanSettings, kind: Kind) -> bool:
    """Return whether a kind of scan gives way to other programs."""
    return bool(getattr(settings, f"{kind.value}_low_priority", False))
