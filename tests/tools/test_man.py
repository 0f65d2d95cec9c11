"""The manual page is one that man can show."""

import shutil
import subprocess
from pathlib import Path

import pytest


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is missing (apt install groff-base)")
def test_the_manual_page_formats_without_a_warning(repository: Path) -> None:
    page = repository / "docs" / "reference" / "garrison.1"
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww", "-z", str(page)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_it_names_every_everyday_command(repository: Path) -> None:
    text = (repository / "docs" / "reference" / "garrison.1").read_text("utf-8")
    for command in ("garrison scan PATHS...", "garrison quarantine restore ID", "garrison status", "garrison start"):
        assert command in text
