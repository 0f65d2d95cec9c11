"""What has to be made before a sandbox closes, and once for all workers that are forked later."""

from garrison.engine.formats import libarchive
from garrison.engine.formats.deobfuscate import WORDS
from garrison.engine.heuristics import table


def preload() -> None:
    """Compile the words that scripts and heuristics are searched for, and load what is loaded from files."""
    table.database()
    WORDS.present(b"")
    libarchive.preload()
