"""What has to be made before a sandbox closes, and once for all workers that are forked later."""

from garrison.engine.formats import libarchive
from garrison.engine.heuristics import table


def preload() -> None:
    """Load the words that heuristics look for in most objects, and what is loaded from files.

    Words that an opened set has brought are not compiled again.
    """
    table.WORDS.prepared()
    libarchive.preload()
