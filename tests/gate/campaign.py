"""The long proof that honest saving is left alone: LibreOffice, not trusted, saves 200 documents three times."""

import os
import subprocess
import sys

DOCUMENTS = 250  # of which 200 are texts
LONGEST_SECONDS = 280  # the watcher lives for 300


def campaign(seed: int, times: int) -> None:  # nothing in it is by chance
    """Run it so many times. Raises CalledProcessError when LibreOffice was stopped."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/gate/test_documents_benign.py", "-k", "LibreOffice"]
    for _ in range(times):
        subprocess.run(
            ["timeout", "-s", "KILL", str(LONGEST_SECONDS), *command],
            env={**os.environ, "GARRISON_BENIGN_DOCUMENTS": str(DOCUMENTS)},
            check=True,
        )
