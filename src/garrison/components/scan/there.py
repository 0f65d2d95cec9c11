"""Knows which threats that were left in place still are there, without waiting for a disk that hangs."""

import os
import threading
from collections.abc import Iterable
from itertools import groupby

from garrison.abilities.quarantine import Identity
from garrison.abilities.response import LeftInPlace

_PATIENCE_SECONDS = 0.3


class StillThere:
    """Looks in a thread for each account: somebody may put a threat on a disk of theirs that never answers."""

    def __init__(self) -> None:
        self._threads: dict[int, threading.Thread] = {}
        self._gone: dict[int, frozenset[LeftInPlace]] = {}

    def among(self, entries: Iterable[LeftInPlace]) -> list[LeftInPlace]:
        """Return what is still there as far as can be told within a moment; what cannot be told is."""
        found: list[LeftInPlace] = []
        by_owner = sorted(entries, key=lambda entry: (entry.owner, entry.path))
        for owner, group in groupby(by_owner, key=lambda entry: entry.owner):
            theirs = list(group)
            self._look(owner, theirs)
            gone = self._gone.get(owner, frozenset())
            found += [entry for entry in theirs if entry not in gone]
        return found

    def _look(self, owner: int, entries: list[LeftInPlace]) -> None:
        thread = self._threads.get(owner)
        if thread is not None and thread.is_alive():
            return

        def work() -> None:
            self._gone[owner] = frozenset(entry for entry in entries if not _is_there(entry))

        thread = threading.Thread(target=work, name=f"still-there-{owner}", daemon=True)
        self._threads[owner] = thread
        thread.start()
        thread.join(_PATIENCE_SECONDS)


def _is_there(entry: LeftInPlace) -> bool:
    try:
        return entry.identity.is_same(Identity.of(os.lstat(entry.path)))
    except (OSError, ValueError):
        return False
