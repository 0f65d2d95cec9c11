"""The fuse: who crashes again and again, or kept the computer from starting, may no longer keep anybody waiting."""

import contextlib
from pathlib import Path
from typing import Any

from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json

_MOST_CRASHES = 2
_WITHIN_SECONDS = 600.0
HEALTHY_SECONDS = 120.0
FILE = "fuse.json"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Fuse:
    """Kept in a file. blown: why nothing is refused any more, a sentence; "" while it is whole.

    A mark stands in the file from the start until all has gone well for two minutes: when it is found after another
    start of the computer, that one did not come so far.
    """

    def __init__(self, folder: Path, clock: Clock, boot: str = "") -> None:
        self._path = folder / FILE
        self._clock = clock
        self._boot = boot or _boot()
        self._crashes: list[float] = []
        self._starting = ""
        self.blown = ""
        self._read()

    def _read(self) -> None:
        try:
            found: Any = read_json(self._path)
            self.blown, self._starting = str(found["blown"]), str(found["starting"])
            self._crashes = [float(each) for each in found["crashes"]]
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            self._crashes = []

    def begin(self) -> None:
        """Note that protection starts."""
        if self._starting and self._starting != self._boot and not self.blown:
            self.blown = "The computer did not come up properly the last time that files were guarded."
        self._starting = self._boot
        self._write()

    def settle(self) -> None:
        """Note that all has gone well, or has ended in order."""
        if self._starting:
            self._starting = ""
            self._write()

    def crash(self) -> bool:
        """Count a crash of the gate; return whether the fuse has blown by it. Nothing is written: see `keep`."""
        now = self._clock.now().timestamp()
        self._crashes = [each for each in self._crashes if 0 <= now - each < _WITHIN_SECONDS] + [now]
        if len(self._crashes) >= _MOST_CRASHES and not self.blown:
            self.blown = "The gate that guards files has crashed twice within ten minutes."
            return True
        return False

    def keep(self) -> None:
        """Write what `crash` counted. Only when somebody answers the kernel again: this opens a file."""
        self._write()

    def mend(self) -> None:
        """Be whole again."""
        self.blown = ""
        self._crashes = []
        self._write()

    def _write(self) -> None:
        value = {"blown": self.blown, "starting": self._starting, "crashes": self._crashes}
        with contextlib.suppress(GarrisonError):  # a full disk must not end protection
            write_json(self._path, value)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return "unknown"
