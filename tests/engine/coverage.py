"""A campaign guided by coverage (atheris, libFuzzer): seconds for each target, five times as many for the riskiest.

What is found is printed, in base64 when it is short, and its file is kept; the campaign then fails.
"""

import base64
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.engine.coverage_targets import TARGETS

MISSING = "" if importlib.util.find_spec("atheris") else "atheris is not installed: it has no wheel for this Python"
RISKIER = 5
_SHOWN = 4096


@dataclass(frozen=True, slots=True)
class Orders:
    """What the fuzzer is told.

    table: the module of the targets. instrumented: the package that guides. timeout: seconds for an input. memory: MiB.
    """

    table: str = "tests.engine.coverage_targets"
    instrumented: str = "garrison.engine"
    timeout: int = 20
    memory: int = 1500


@dataclass(slots=True)
class Result:
    """What became of one target. found: files that break a promise; slow: files that took more than 4 s."""

    name: str
    status: int
    seconds: float
    executed: int
    found: list[str] = field(default_factory=list)

    @property
    def slow(self) -> list[str]:
        return [path for path in self.found if "/slow-unit-" in path]

    @property
    def has_held(self) -> bool:
        return not self.status and self.found == self.slow  # a busy machine is slow as well


def campaign(seed: int, times: int, only: str = "") -> None:
    """Fuzz every target, or those whose name begins with `only`, for `times` seconds each, the riskiest last.

    Raises AssertionError when something was found, and SystemExit where there is no atheris.
    """
    if MISSING:
        sys.exit(MISSING)
    folder = Path(tempfile.mkdtemp(prefix="garrison-coverage-"))
    chosen = sorted(
        (each for each in TARGETS.values() if each.name.startswith(only)), key=lambda each: bool(each.why_risky)
    )
    assert chosen, f"there is no target whose name begins with {only}"
    record(folder)
    failed = []
    for result in fuzz(folder, seed, [(each.name, times * (RISKIER if each.why_risky else 1), -1) for each in chosen]):
        say(f"{result.name:24} {result.seconds:7.1f} s {result.executed:10,} executions")
        if not result.has_held:
            failed.append(result.name)
        if result.found:
            say("\n".join(told(result)))
    assert not failed, f"promises were broken by {', '.join(failed)}: see {folder}"
    shutil.rmtree(folder)


def say(line: str) -> None:
    """Write a line at once: a campaign takes hours."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def record(folder: Path) -> None:
    """Let the openers' tests write what they open, as seeds."""
    _started("tests.engine.coverage_seeds", str(folder / "seeds")).communicate()


def fuzz(
    folder: Path, seed: int, targets: list[tuple[str, int, int]], orders: Orders | None = None
) -> Iterable[Result]:
    """Yield the result of each target: (name, seconds, runs), of which -1 is any number."""
    told = {"folder": str(folder), "seed": seed, "targets": targets, **asdict(orders or Orders())}
    with _started("tests.engine.coverage_child", json.dumps(told)) as child:
        assert child.stdout is not None
        for line in child.stdout:
            yield Result(**json.loads(line))
    assert not child.returncode, f"the fuzzer itself failed: see {folder}"


def _started(module: str, argument: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", module, argument]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def told(result: Result) -> Iterable[str]:
    """Yield what to show of a target that did not hold."""
    yield f"  ended with status {result.status}"
    for path in result.found:
        content = Path(path).read_bytes()
        yield f"  {path} ({len(content)} bytes)"
        if len(content) <= _SHOWN:
            yield f"  {base64.b64encode(content).decode()}"
