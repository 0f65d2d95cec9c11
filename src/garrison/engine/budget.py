"""How much the engine may spend on one object."""

from dataclasses import dataclass
from typing import Protocol

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Hard limits for one file and what is inside it. Sizes in bytes, counts in objects.

    archives: 0 to leave archives, packages and images of disks unopened; documents that are archives are not meant.
    """

    object_bytes: int = 100 * MIB  # one object, after unpacking
    total_bytes: int = 400 * MIB  # all that is unpacked from one file
    members: int = 10_000  # objects in one file, over all depths
    depth: int = 16  # containers in containers
    ratio: int = 250  # unpacked : packed, judged once ratio_from_bytes have come out
    ratio_from_bytes: int = 16 * MIB
    archives: int = 1


class Budget(Protocol):
    """The worker's word on whether the time for this object is over."""

    def spent(self) -> bool:
        """Return whether to stop now."""
        ...


class Unbounded:
    """A budget that never ends, for tests and tools."""

    def spent(self) -> bool:
        """Return False."""
        return False
