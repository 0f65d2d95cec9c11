"""Where the electricity comes from, from /sys/class/power_supply (sysfs-class-power, kernel documentation)."""

from pathlib import Path

SUPPLIES = Path("/sys/class/power_supply")


def on_battery(supplies: Path = SUPPLIES) -> bool:
    """Return whether a battery is being drained and no mains is plugged in; False on a computer without one."""
    try:
        entries = sorted(supplies.iterdir())
    except OSError:
        return False
    kinds = {entry: _read(entry / "type") for entry in entries}
    if any(kind == "Mains" and _read(entry / "online") == "1" for entry, kind in kinds.items()):
        return False
    return any(
        kind == "Battery" and _read(entry / "scope") != "Device" and _read(entry / "status") == "Discharging"
        for entry, kind in kinds.items()
    )


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""
