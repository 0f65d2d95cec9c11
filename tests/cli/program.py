"""The command line as a program of its own, on a home of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from garrison.base.paths import Home

REPOSITORY = Path(__file__).parent.parent.parent
PROGRAM = [sys.executable, "-I", "-m", "garrison.cli"]


class Outcome:
    """How a command ended."""

    def __init__(self, code: int, out: bytes, errors: bytes) -> None:
        self.code = code
        self.out = out.decode("utf-8", "surrogateescape")
        self.errors = errors.decode("utf-8", "surrogateescape")

    @property
    def json(self) -> Any:
        """What was printed, which must be one JSON text and nothing else."""
        return json.loads(self.out)


class Program:
    """Runs commands on one home, and ends the suite that they started."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(root.parent), "GARRISON_HOME": str(root)}

    def start(self, *arguments: str | bytes, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command."""
        environment = self.environment | options.pop("environment", {})
        return subprocess.Popen(
            [*PROGRAM, *arguments],
            env={name: value for name, value in environment.items() if value is not None},
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    def __call__(self, *arguments: str | bytes, **options: Any) -> Outcome:
        """Run a command to its end."""
        given = options.pop("input", None)
        if given is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        out, errors = process.communicate(given, timeout=100)
        return Outcome(process.returncode, out or b"", errors or b"")

    def daemon(self) -> int:
        """Return the process of the suite."""
        return int(self.home.lock.read_text("ascii"))

    def end(self) -> None:
        """Leave nothing running and nothing behind."""
        self("stop")
        shutil.rmtree(self.home.root, ignore_errors=True)


def children_of(process: int) -> list[int]:
    """Return all descendants of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError, IndexError):
            continue
        if parent == process:
            found += [int(entry.name), *children_of(int(entry.name))]
    return found
