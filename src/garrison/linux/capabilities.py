"""What this process may do, whatever its account is called. Sources: capabilities(7), proc_pid_status(5)."""

from pathlib import Path

SYS_ADMIN = 21  # linux/capability.h


def has_capability(number: int, status: Path = Path("/proc/self/status")) -> bool:
    """Return whether a capability is in force, as far as can be told: without /proc it is not."""
    try:
        lines = status.read_text("ascii", "replace").splitlines()
        mask = next((int(line.split()[1], 16) for line in lines if line.startswith("CapEff:")), 0)
    except (OSError, ValueError, IndexError):
        return False
    return bool(mask >> number & 1)
