"""What takes long to make and is alike for many tests: made once, and lent to each as further names of its files."""

import os
import shutil
from pathlib import Path

from tests.cli.program import Program


def made_databases(folder: Path) -> Path:
    """Return the databases of a home whose suite ran once: its built-in set is compiled."""
    program = Program(folder / "state")
    outcome = program("self-test")
    assert outcome.code == 0, outcome.out + outcome.errors
    program("stop")
    return program.home.root / "databases"


def lend(source: Path, target: Path) -> None:
    """Put a folder of finished files elsewhere; each is replaced as a whole, if at all, so that the source stays."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target.parent.chmod(0o700)
    shutil.copytree(source, target, symlinks=True, copy_function=os.link)
