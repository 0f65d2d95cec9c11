"""How eager the heuristics are."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How much must speak against an object before it is called a threat; deep finds more and errs more."""

    LIGHT = "light"
    MEDIUM = "medium"
    DEEP = "deep"


THRESHOLDS: Final[Mapping[Level, int]] = {Level.LIGHT: 90, Level.MEDIUM: 70, Level.DEEP: 50}  # a score, 0 to 100
