"""What a person can set of file protection, and what its levels mean."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities import levels
from garrison.abilities.levels import Level
from garrison.engine.heuristics.levels import Level as Heuristics
from garrison.wire.guarding import Late, Types

MOST_PLACES = 100
_MOST_MASKS = 100
_MOST_HASHES = 10_000
_Mask = Annotated[sdk.UntrustedText, sdk.about("Mask", max_length=1000)]
_Hash = Annotated[str, sdk.about("Hash", max_length=64)]
_Program = Annotated[sdk.UntrustedText, sdk.about("Full path of a program", max_length=4096)]


class Scope(StrEnum):
    """What is watched. automatic: everything in the computer's own suite, what was chosen in an account's."""

    AUTOMATIC = "automatic"
    EVERYTHING = "everything"
    CHOSEN = "chosen"


class Action(StrEnum):
    """What is done about a threat. automatic: known ones also go into quarantine. ask: as ask, blocked meanwhile."""

    AUTOMATIC = "automatic"
    ASK = "ask"
    BLOCK = "block"
    TELL = "tell"


DETAILS: Mapping[Level, Mapping[str, Any]] = {
    Level.HIGH: {
        "on_open": True,
        "on_run": True,
        "on_change": True,
        "archives": True,
        "types": Types.ALL,
        "heuristics": Heuristics.DEEP,
        "skip_over_mib": 400,
        "seconds_per_object": 60,
    },
    Level.RECOMMENDED: {
        "on_open": True,
        "on_run": True,
        "on_change": True,
        "archives": False,
        "types": Types.FORMAT,
        "heuristics": Heuristics.MEDIUM,
        "skip_over_mib": 64,
        "seconds_per_object": 30,
    },
    Level.LOW: {
        "on_open": False,
        "on_run": True,
        "on_change": True,
        "archives": False,
        "types": Types.EXTENSION,
        "heuristics": Heuristics.LIGHT,
        "skip_over_mib": 16,
        "seconds_per_object": 10,
    },
}
_USUAL = DETAILS[Level.RECOMMENDED]


class FileProtectionSettings(sdk.Settings):
    """What is watched, how thoroughly, and what is done about what is found."""

    scope: Scope = sdk.field(Scope.AUTOMATIC, title="What to watch")
    folders: list[Path] = sdk.field([], own=True, title="Chosen folders", max_length=MOST_PLACES)
    mounts: list[Path] = sdk.field(
        [], own=True, title="Chosen file systems, by where they are mounted", max_length=MOST_PLACES
    )
    level: Level = sdk.field(Level.RECOMMENDED, title="Level; it sets the next eight")
    on_open: bool = sdk.field(_USUAL["on_open"], title="Examine files when they are opened")
    on_run: bool = sdk.field(_USUAL["on_run"], title="Examine programs when they are run")
    on_change: bool = sdk.field(_USUAL["on_change"], title="Examine files when they were changed")
    archives: bool = sdk.field(_USUAL["archives"], title="Look inside archives")
    types: Types = sdk.field(_USUAL["types"], title="Which files: all, by what is in them, by their names")
    heuristics: Heuristics = sdk.field(_USUAL["heuristics"], title="How soon something unknown is called suspicious")
    skip_over_mib: int = sdk.field(
        _USUAL["skip_over_mib"], title="Let larger files through, and examine them afterwards (MiB)", ge=1, le=10_240
    )
    seconds_per_object: int = sdk.field(
        _USUAL["seconds_per_object"], title="Give up on one file after (seconds)", ge=1, le=3600
    )
    deadline_seconds: int = sdk.field(8, title="Keep nobody waiting for longer than (seconds)", ge=1, le=60)
    late: Late = sdk.field(Late.ALLOW, title="What to answer when that time is over")
    action: Action = sdk.field(Action.AUTOMATIC, title="What to do about threats")
    exclude_masks: list[_Mask] = sdk.field(
        [], own=True, title="Leave out paths that fit these masks", max_length=_MOST_MASKS
    )
    exclude_names: list[_Mask] = sdk.field(
        [], own=True, title="Leave out threats of these names", max_length=_MOST_MASKS
    )
    exclude_hashes: list[_Hash] = sdk.field(
        [], own=True, title="Leave out files with these SHA-256 hashes", max_length=_MOST_HASHES
    )
    trusted_programs: list[_Program] = sdk.field(
        [], own=True, title="Never ask about what these programs open (full paths)", max_length=_MOST_MASKS
    )
    pause_while: list[_Program] = sdk.field(
        [], own=True, title="Pause while one of these programs runs (full paths)", max_length=_MOST_MASKS
    )


def completed(settings: FileProtectionSettings, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the changes that a person made, with those that go with them."""
    return levels.completed(DETAILS, lambda name: getattr(settings, name), values)
