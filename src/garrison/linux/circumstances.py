"""How things are around the computer. session asks for them; it loads a library that most starts do without."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How things are around the computer; None where nobody can tell.

    idle_seconds: for how long all sessions have been idle, 0.0 while one is not. locked: whether nobody can be looking
    on: every graphical session is locked, or there is none. metered: whether the internet is billed by volume.
    """

    idle_seconds: float | None = None
    locked: bool | None = None
    metered: bool | None = None
