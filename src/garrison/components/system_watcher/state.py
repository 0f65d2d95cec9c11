"""What the System Watcher remembers: protected folders, decisions, and programs that were alarmed about wrongly."""

import os
from pathlib import Path
from typing import Any

from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import read_json, write_json
from garrison.wire.watching import Decision

_MOST_DECISIONS = 500
_MOST_FORGIVEN = 200
# What runs other people's scripts: to trust it would be to trust all of them.
_INTERPRETERS = (
    "python",
    "perl",
    "ruby",
    "bash",
    "sh",
    "dash",
    "zsh",
    "node",
    "java",
    "php",
    "openssl",
    "gpg",
    "busybox",
)


class Memory:
    """The state, on disk."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "state.json"
        self.folders: list[str] = []
        self.decided: dict[str, str] = {}
        self.forgiven: list[str] = []
        self.proof: dict[str, Any] | None = None
        try:
            plain = read_json(self._file)
            self.folders = [str(each) for each in plain["folders"]]
            self.decided = {str(key): str(Decision(value)) for key, value in plain["decided"].items()}
            self.forgiven = [str(each) for each in plain["forgiven"]]
            self.proof = dict(plain["proof"]) if plain.get("proof") else None
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            # Without it folders would silently be protected no more.
            raise Failed("{file} is damaged.", "Mend the file, or move it away.", file=self._file) from error

    def protect(self, path: str) -> str:
        """Add a folder; return its full path without links. Raises Invalid when it is none."""
        real = os.path.realpath(path)
        if not os.path.isdir(real):
            raise Invalid("{path} is no folder.", "Name a folder with documents, or a share.", path=path)
        if real in {"/", "/proc", "/sys", "/dev"} or real.startswith(("/proc/", "/sys/", "/dev/")):
            raise Invalid(
                "{real} cannot be protected as a whole.", "Name a folder with documents, or a share.", real=real
            )
        if real not in self.folders:
            self.folders = [*self.folders, real]
            self._keep()
        return real

    def unprotect(self, path: str) -> str:
        """Take a folder off; return its path. Raises NotFound."""
        for known in (os.path.realpath(path), path):
            if known in self.folders:
                self.folders = [each for each in self.folders if each != known]
                self._keep()
                return known
        raise NotFound(
            "{path} is not among the folders that were added.", "garrison system-watcher folders shows them.", path=path
        )

    def decide(self, alarm: str, decision: Decision) -> None:
        """Remember what was decided."""
        self.decided = dict([*self.decided.items(), (alarm, str(decision))][-_MOST_DECISIONS:])
        self._keep()

    def forgive(self, program: str) -> bool:
        """Trust a program from now on; return whether that can be done: not with one that runs anybody's scripts."""
        name = os.path.basename(program)
        if not program or name.startswith(_INTERPRETERS):
            return False
        if program not in self.forgiven:
            self.forgiven = [*self.forgiven, program][-_MOST_FORGIVEN:]
            self._keep()
        return True

    def keep_proof(self, proof: dict[str, Any]) -> None:
        """Remember how it last proved itself."""
        self.proof = proof
        self._keep()

    def _keep(self) -> None:
        kept = {"folders": self.folders, "decided": self.decided, "forgiven": self.forgiven, "proof": self.proof}
        write_json(self._file, kept)
