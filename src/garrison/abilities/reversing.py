"""Tells from a journal what undoes it: pure, and without a look at what is there now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from garrison.wire.watching import Deed, Did

_WITH_COPY = {Did.CHANGED, Did.READ, Did.DELETED, Did.REPLACED}
_LEAVES = {Did.CREATED, Did.CHANGED, Did.READ, Did.RENAMED}  # what is done to a file that is there afterwards


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of a file from before. name: of the copy, "" when none could be made."""

    name: str
    metadata: Mapping[str, object]


@dataclass(slots=True)
class Reversal:
    """What undoing some deeds takes. restores: path -> the copy; moves: where a file is now -> where it was.

    made: files that were made. files: the identities of all that was made, changed or renamed; None when some are not
    known. only_read: paths of files of which nothing but the reading is known. Nothing in here has been compared with
    what is there now.
    """

    restores: dict[str, Copy] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    files: frozenset[str] | None = None
    only_read: frozenset[str] = frozenset()

    def has(self, file: str) -> bool:
        """Return whether a file may be one that was made, changed or renamed, and no other one in its place."""
        return self.files is None or file in self.files


def reverse(deeds: Iterator[Deed]) -> Reversal:
    """Return what undoes deeds, given in the order in which they were done."""
    reversal = Reversal()
    origins: dict[str, str] = {}  # where a file is now -> where it was before all
    made: dict[str, None] = {}
    files: set[str] = set()
    read: dict[str, bool] = {}  # path -> whether it was only read
    for deed in deeds:
        if deed.did in _LEAVES:
            files.add(deed.file)
        read[deed.path] = deed.did is Did.READ and read.get(deed.path, True)
        if deed.did is Did.CREATED and deed.path not in origins:
            made[deed.path] = None
        elif deed.did is Did.RENAMED:
            _rename(deed, origins, made)
        elif deed.did in _WITH_COPY:
            _take_copy(deed, origins, made, reversal)
    reversal.moves = {
        now: before for now, before in origins.items() if now != before and before not in reversal.restores
    }
    # What was renamed and is restored from a copy left its changed content under the new name.
    strays = [now for now, before in origins.items() if now != before and before in reversal.restores]
    reversal.made = [path for path in (*made, *strays) if path not in reversal.restores]
    reversal.files = None if "" in files else frozenset(files)
    reversal.only_read = frozenset(path for path, is_only_read in read.items() if is_only_read)
    return reversal


def _rename(deed: Deed, origins: dict[str, str], made: dict[str, None]) -> None:
    if deed.path in made:
        del made[deed.path]
        origins.pop(deed.to, None)
        if deed.to:
            made[deed.to] = None
    elif deed.to:
        origins[deed.to] = origins.pop(deed.path, deed.path)


def _take_copy(deed: Deed, origins: dict[str, str], made: dict[str, None], reversal: Reversal) -> None:
    if deed.path in made:
        if deed.did is Did.DELETED:
            del made[deed.path]
        return
    before = origins.get(deed.path, deed.path)
    known = reversal.restores.get(before)
    if (deed.copy or deed.did is not Did.DELETED) and (known is None or not known.name):
        reversal.restores[before] = Copy(deed.copy, deed.metadata)
    if deed.did is Did.DELETED:
        origins.pop(deed.path, None)
