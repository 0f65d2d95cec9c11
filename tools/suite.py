"""./dev test: the checks, then all tests. What it is given goes to pytest (and then only pytest runs)."""

import subprocess
import sys

from tools import check


def main(arguments: list[str]) -> int:
    """Return 0 when all holds. The list of skipped tests, with reasons, stands before pytest's closing line."""
    problems = 0 if arguments else check.main([])
    command = [sys.executable, "-m", "pytest", *(arguments or ["-n", "auto", "-q"])]
    tests = subprocess.run(command, check=False).returncode
    if problems:
        print("\nThe checks above the tests found something; see there.", file=sys.stderr)
    return tests or problems
