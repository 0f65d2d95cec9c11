"""./dev lock: resolves the dependencies anew and writes both locks, with hashes and without addresses."""

import subprocess
import sys

_COMMON = [
    "--quiet",
    "--generate-hashes",
    "--strip-extras",
    "--allow-unsafe",
    "--no-header",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-emit-options",
]


def main(arguments: list[str]) -> int:
    """Return 0 when both were written. Arguments go to pip-compile (--upgrade)."""
    command = [sys.executable, "-m", "piptools", "compile", *_COMMON, *arguments]
    product = [*command, "-o", "requirements.lock", "pyproject.toml"]
    developers = [
        *command, "--extra", "dev", "-c", "requirements.lock", "-o", "requirements-dev.lock", "pyproject.toml",
    ]  # fmt: skip
    return max(subprocess.run(run, check=False).returncode for run in (product, developers))
