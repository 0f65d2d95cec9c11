"""./dev check: format, lint, types, imports, dead code, sizes, golden manifest and docs."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tools import catalogue, golden

_LONGEST = 500
_WHOLE = {
    "test_campaign.py",
    "test_conformance.py",
    "test_coverage.py",
    "test_fuzz.py",
    "test_own_rules.py",
    "test_program.py",
}
_PLACE = re.compile(r"^\s*(?:-\s+)?(garrison[\w.]*) -> (garrison[\w.]*|pydantic[\w.]*) \(l\.(\d+)", re.MULTILINE)


def _run(*command: str) -> str:
    """Return what a failing command printed, "" when it passed."""
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip() or "it failed" if done.returncode else ""


def _imports() -> str:
    said = _lint_imports()
    if not said:
        return ""
    places = [f"{_file(importer)}:{line}: imports {imported}" for importer, imported, line in _PLACE.findall(said)]
    _, _, broken = said.partition("Broken contracts\n")
    told = [line for line in broken.splitlines() if line.strip() and not _PLACE.match(line)]
    return "\n".join([*(told or said.splitlines()), *dict.fromkeys(places)])


def _lint_imports() -> str:
    code = "from importlinter.cli import lint_imports_command as run; run()"
    wide = {**os.environ, "COLUMNS": "1000"}  # so that no line is wrapped
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=wide)
    return done.stdout + done.stderr if done.returncode else ""


def _file(module: str) -> str:
    path = Path("src", *module.split("."))
    return str(path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py")


def _shell() -> str:
    """Check the scripts where shellcheck is installed (apt install shellcheck)."""
    program = shutil.which("shellcheck")
    if program is None:
        return ""
    scripts = ["garrison", "dev", "packaging/bootstrap.sh", ".ci/run"]
    done = subprocess.run([program, "-s", "sh", *scripts], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr if done.returncode else ""


def _sizes() -> str:
    long = []
    for folder in ("src", "tests", "tools", "bench"):
        for path in sorted(Path(folder).rglob("*.py")):
            lines = path.read_text("utf-8").count("\n")
            if lines > _LONGEST:
                long.append(f"{path}: {lines} lines, more than {_LONGEST}")
    return "\n".join(long)


def _mirror() -> str:
    """Return the tests that do not stand where their code does: tests/ROOM/test_NAME.py by src/garrison/ROOM/NAME.py.

    A second file of tests for NAME is called test_NAME_more.py; those of a package as a whole have one of a few names.
    """
    astray = []
    for test in sorted(Path("tests").rglob("test_*.py")):
        parts = test.relative_to("tests").parts
        if parts[0] in {"contract", "golden", "system", "tools", "bench", "browser"}:
            continue
        room, name = Path("src/garrison", *parts[:-1]), test.stem.removeprefix("test_")
        if parts[-1] not in _WHOLE and not any(_is_there(room, known) for known in _beginnings(name)):
            astray.append(f"{test}: there is no {room / name}.py")
    return "\n".join(astray)


def _beginnings(name: str) -> list[str]:
    words = name.split("_")
    return ["_".join(words[:count]) for count in range(len(words), 0, -1)]


def _is_there(room: Path, name: str) -> bool:
    candidates = (room / f"{name}.py", room / f"__{name}__.py", room / name)
    return any(path.exists() for path in candidates)


CHECKS: tuple[tuple[str, Callable[[], str]], ...] = (
    ("format", lambda: _run("ruff", "format", "--check", ".")),
    ("lint", lambda: _run("ruff", "check", "--output-format", "concise", ".")),
    ("types", lambda: _run("mypy", "--no-error-summary")),
    ("imports", _imports),
    ("dead code", lambda: _run("vulture", "--ignore-names", "kind,problem,trace")),
    ("scripts", _shell),
    ("sizes", _sizes),
    ("test placement", _mirror),
    ("golden manifest and reference", golden.stale),
    ("catalogues", catalogue.unready),
)


def main(arguments: list[str]) -> int:
    """Run all checks, or those that are named; return 0 when all pass."""
    wanted = [entry for entry in CHECKS if not arguments or entry[0] in arguments]
    failed = 0
    for name, check in wanted:
        problem = check()
        print(f"check {name}: {'ok' if not problem else 'FAILED'}", flush=True)
        if problem:
            failed = 1
            print("\n".join(f"  {line}" for line in problem.splitlines()[-60:]), flush=True)
    return failed
