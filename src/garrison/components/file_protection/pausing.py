"""When file protection does not look: for a time, or while some programs run."""

import os
from collections.abc import Iterable


def running_among(programs: Iterable[str], processes: str = "/proc") -> str:
    """Return the first of these programs (full paths) that runs now, "" when none does."""
    wanted = set(programs)
    if not wanted:
        return ""
    with os.scandir(processes) as entries:
        for entry in entries:
            if entry.name.isdigit():
                try:
                    program = os.readlink(f"{entry.path}/exe")
                except OSError:  # ended, or of the kernel
                    continue
                if program in wanted:
                    return program
    return ""
