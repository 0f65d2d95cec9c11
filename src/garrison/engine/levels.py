"""ClamAV's functionality levels: which of its versions a signature is for."""

from collections.abc import Sequence
from typing import Final

LEVEL: Final = 216  # what Debian's clamscan 1.4.6 takes; signatures for others are left out as it leaves them out


def check_levels(fields: Sequence[bytes | str]) -> None:
    """Refuse a signature that is for older or newer versions. fields: [minimum[, maximum]]. Raises ValueError."""
    if fields and fields[0].strip() and int(fields[0]) > LEVEL:
        raise ValueError("it is for newer versions of ClamAV")
    if len(fields) > 1 and fields[1].strip() and int(fields[1]) < LEVEL:
        raise ValueError("it is for older versions of ClamAV")
