"""./dev lock: resolves the dependencies anew and writes both locks, with hashes and without addresses."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

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
    status = max(subprocess.run(run, check=False).returncode for run in (product, developers))
    restore_markers(Path("pyproject.toml"), Path("requirements-dev.lock"))
    return status


def restore_markers(project: Path, lock: Path) -> None:
    """Write into the developers' lock where a package of theirs is wanted: pip-compile forgets it in an extra."""
    text = lock.read_text("utf-8")
    for requirement in tomllib.loads(project.read_text("utf-8"))["project"]["optional-dependencies"]["dev"]:
        package, _, marker = requirement.partition(";")
        name = re.escape(re.split(r"[<>=~!]", package)[0].strip())
        if marker:
            text = re.sub(rf"(?m)^({name}==\S+) \\$", rf"\1 ; {marker.strip()} \\", text)
    lock.write_text(text, "utf-8")
