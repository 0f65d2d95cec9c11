"""Debian's clamav-testfiles: one harmless program, wrapped in many ways. What clamscan finds of them, we find."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from garrison.abilities.databases import compile_sources
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.source import Source
from garrison.engine.verdict import Verdict

FILES = Path("/usr/share/clamav-testfiles")
PROGRAM = FILES / "clam.exe"

pytestmark = pytest.mark.skipif(
    not PROGRAM.exists() or shutil.which("clamscan") is None,
    reason="clamav and clamav-testfiles are not installed (apt install clamav clamav-testfiles)",
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database of one byte pattern: the longest run of the program's own code."""
    content = PROGRAM.read_bytes()
    code = max(re.findall(rb"[^\x00]{12,}", content), key=len)
    folder = tmp_path_factory.mktemp("signatures")
    (folder / "one.ndb").write_text(f"Test.Program-1:0:*:{code.hex()}\n")
    return folder


@pytest.fixture(scope="module")
def verdicts(database: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    made = tmp_path_factory.mktemp("made") / "set"
    report = compile_sources([database], made)
    assert report.skipped == ()
    descriptors = {path.name: os.open(path, os.O_RDONLY) for path in made.iterdir()}
    said: dict[str, Verdict] = {}
    try:
        with Detector.open(descriptors) as detector:
            for path in sorted(FILES.iterdir()):
                said[path.name] = examine(Source(path.read_bytes()), path.name, detector, Limits(), Unbounded())
    finally:
        for descriptor in descriptors.values():
            os.close(descriptor)
    return said


def found_by_clamscan(database: Path) -> set[str]:
    command = ["clamscan", "--no-summary", "--infected", "-d", str(database), str(FILES)]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return {Path(line.partition(":")[0]).name for line in told.splitlines() if line.endswith("FOUND")}


def found_by_us(verdicts: dict[str, Verdict]) -> set[str]:
    return {
        name
        for name, verdict in verdicts.items()
        if any(finding.signature == "Test.Program-1" for finding in verdict.findings)
    }


def test_what_clamscan_finds_we_find(database: Path, verdicts: dict[str, Verdict]) -> None:
    theirs, ours = found_by_clamscan(database), found_by_us(verdicts)
    assert len(theirs) == len(verdicts)
    assert theirs <= ours


def test_the_program_comes_out_whole_of_what_only_wraps_it(verdicts: dict[str, Verdict]) -> None:
    assert verdicts["clam.zip"].findings[0].inner == ("clam.exe",)
    assert verdicts["clam.tar.gz"].findings[0].inner[-1].endswith("clam.exe")
