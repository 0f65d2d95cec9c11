"""New versions of Garrison itself: taken from a publisher, installed side by side, tried, and switched to."""

from garrison.abilities.application.versions import Prepared, Versions

__all__ = ["Prepared", "Versions"]
