"""When scans in the background begin, and when they wait."""

from garrison import sdk


class BackgroundScanSettings(sdk.Settings):
    """What sets a scan in the background off, and what holds it up."""

    after_update: bool = sdk.field(True, title="Scan after the databases have changed")
    after_start_minutes: int = sdk.field(
        30, title="Scan so long after Garrison started (minutes; 0: not)", ge=0, le=1440
    )
    every_hours: int = sdk.field(6, title="Scan again after (hours; 0: not)", ge=0, le=720)
    after_idle_minutes: int = sdk.field(
        5, title="Scan once nobody has used the computer for (minutes; 0: not)", ge=0, le=1440
    )
    stop_when_used: bool = sdk.field(True, title="Stop when the computer is used, and go on later")
    on_battery: bool = sdk.field(False, title="Scan also on battery")
    finish_after_days: int = sdk.field(
        10, title="Scan although the computer is used, when no scan was completed for (days; 0: never)", ge=0, le=365
    )
