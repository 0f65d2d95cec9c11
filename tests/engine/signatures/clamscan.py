"""What Debian's clamscan says: the oracle."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_PROGRAM = shutil.which("clamscan")
needs_clamscan = pytest.mark.skipif(_PROGRAM is None, reason="clamscan is not installed")
TEST_FILES = Path("/usr/share/clamav-testfiles")
needs_test_files = pytest.mark.skipif(not TEST_FILES.is_dir(), reason="clamav-testfiles is not installed")


def clamscan(folder: Path, databases: Mapping[str, bytes], content: bytes, *arguments: str) -> set[str]:
    """Return the names of all that clamscan finds with these databases."""
    known, target = folder / "known", folder / "target"
    shutil.rmtree(known, ignore_errors=True)
    known.mkdir()
    target.write_bytes(content)
    command = [str(_PROGRAM), "--no-summary", "--allmatch", "--stdout", *arguments, f"--database={known}", str(target)]
    for name, database in databases.items():
        (known / name).write_bytes(database)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode in {0, 1}, ended.stdout + ended.stderr
    lines = [line for line in ended.stdout.splitlines() if line.endswith(" FOUND")]
    return {line.rpartition(": ")[2].removesuffix(" FOUND").removesuffix(".UNOFFICIAL") for line in lines}


_SIGTOOL = shutil.which("sigtool")
needs_sigtool = pytest.mark.skipif(_SIGTOOL is None, reason="sigtool is not installed")


def sigtool(folder: Path, *arguments: str, asked: str = "") -> None:
    """Run sigtool in a folder. asked: what it reads from its input."""
    command = [str(_SIGTOOL), *arguments]
    ended = subprocess.run(
        command,
        cwd=folder,
        input=asked,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"SIGNDUSER": "x"},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
