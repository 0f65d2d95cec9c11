"""The daemon's end of the guard of files: the keeper started and ended, the gate told its plan and listened to."""

from garrison.abilities.guard.guard import Guard
from garrison.abilities.guard.hearing import Hearing

__all__ = ["Guard", "Hearing"]
