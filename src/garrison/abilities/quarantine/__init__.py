"""The store of what was taken out of people's way, and the way back."""

from garrison.abilities.quarantine.record import Identity, Record
from garrison.abilities.quarantine.store import Quarantine

__all__ = ["Identity", "Quarantine", "Record"]
