"""Whole commands timed in turn, A B A B ..., so that a noisy machine is noisy for both."""

import os
import resource
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run cost, in seconds."""

    wall: float
    cpu: float


def run(command: Sequence[str], allowed: Sequence[int] = (0,), env: dict[str, str] | None = None) -> Cost:
    """Run a command, its output thrown away. Raises RuntimeError when it ends with an unexpected code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False, env={**os.environ, **(env or {})}
    )
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in allowed:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def need(program: str, package: str) -> str:
    """Return a peer's path. Raises RuntimeError that says how to get it: a missing peer is an error."""
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is missing: apt install {package}")
    return path


def version(*command: str) -> str:
    """Return the first line of what a peer says of its version."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0].strip()


def medians(ours: Callable[[], Cost], peer: Callable[[], Cost], rounds: int) -> tuple[Cost, Cost]:
    """Return the median costs of both, after one run of each that does not count."""
    ours()
    peer()
    pairs = [(ours(), peer()) for _ in range(rounds)]
    return _median([first for first, _ in pairs]), _median([second for _, second in pairs])


def _median(costs: list[Cost]) -> Cost:
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


def row(  # noqa: PLR0913 # the columns of a row
    work: str, ours: float, peer: float, *, peer_version: str, unit: str, target: str, met: bool, rounds: int
) -> dict[str, Any]:
    """Return one line of a benchmark's result. ratio: ours to the peer's."""
    return {
        "work": work,
        "ours": round(ours, 4),
        "peer": round(peer, 4),
        "peer_version": peer_version,
        "unit": unit,
        "ratio": round(ours / peer, 3),
        "target": target,
        "met": met,
        "rounds": rounds,
    }
