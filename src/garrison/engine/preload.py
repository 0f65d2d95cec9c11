"""What has to be made before a sandbox closes, and once for all workers that are forked later."""

from garrison.engine.formats import deobfuscate, late, libarchive, openers, pyc, scripts
from garrison.engine.heuristics import table

COMMON = (scripts,)  # openers of the most frequent types are loaded with the rest
TABLE = openers.OPENERS  # names all the others


def preload() -> None:
    """Load the words that most objects are searched for, and what is loaded from files.

    Words that an opened set has brought are not compiled again.
    """
    table.WORDS.prepared()
    deobfuscate.WORDS.prepared()
    libarchive.preload()


def preload_more() -> None:
    """Make what fewer objects need, and takes longer: once for all workers, else each would keep somebody waiting."""
    pyc.BEGINNINGS.prepared()
    pyc.CODED.prepared()


def preload_rest() -> None:
    """Load the code of all openers, which each worker else does for itself as objects want them."""
    late.load()
