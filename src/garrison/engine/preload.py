"""What has to be made before a sandbox closes, and once for all workers that are forked later."""

from garrison.engine.formats import deobfuscate, libarchive, scripts
from garrison.engine.heuristics import table

COMMON = (scripts,)  # openers of the most frequent types are loaded with the rest


def preload() -> None:
    """Load the words that most objects are searched for, and what is loaded from files.

    Words that an opened set has brought are not compiled again.
    """
    table.WORDS.prepared()
    deobfuscate.WORDS.prepared()
    libarchive.preload()
