"""The names and layouts that the writer and the stage of patterns share."""

import struct
from typing import Final

MARK: Final = b"GPATTERNS-02"
INDEX: Final = "patterns-index.bin"
RECORDS: Final = "patterns-records.bin"
# record, part, variant, element (255 when the distance is not fixed), distance from the element's start to the atom's
# end, from there to the guard, the guard's length, the guard
REFERENCE: Final = struct.Struct("<IHBBIiB8s7x")


def atoms_file(target: int) -> str:
    """Return the name of the file with the atoms of a target."""
    return f"patterns-atoms-{target}.bin"
