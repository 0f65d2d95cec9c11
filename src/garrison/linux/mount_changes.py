"""Tells when something is mounted or unmounted: the kernel marks its table as changed (proc_pid_mountinfo(5), poll)."""

import os
import select
from pathlib import Path
from typing import Self

from garrison.linux.mounted import TABLE


class MountChanges:
    """Waits for changes of the table of mounts. A context manager.

    Its descriptor is readable once for each time that the table has changed since it was last found readable; whoever
    is told has to read the table, and whoever begins to wait has to read it after that.
    """

    def __init__(self, table: Path = TABLE) -> None:
        """Begin. Raises OSError."""
        self._table = os.open(table, os.O_RDONLY | os.O_CLOEXEC)
        # The table itself is always readable, so that only a waiter for what is out of the ordinary learns of changes.
        self._waiter = select.epoll()
        try:
            self._waiter.register(self._table, select.EPOLLPRI)
            self._waiter.poll(0)
        except OSError:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._waiter.close()
        os.close(self._table)

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._waiter.fileno()

    def take(self) -> None:
        """Take note of the change."""
        self._waiter.poll(0)
