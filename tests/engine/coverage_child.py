"""The process that fuzzes: the engine is instrumented once, and a fork of it serves each target.

python -m tests.engine.coverage_child ORDERS, a JSON object as tests/engine/coverage.py writes it. One line of JSON is
printed for each target.
"""

import importlib
import json
import os
import re
import sys
import time
from pathlib import Path
from typing import Any

import atheris

_LONGEST = 64 * 1024  # of what is made of the seeds, or as long as they are
_TELLING = ("-print_final_stats=1", "-report_slow_units=4")
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s*(\d+)")


def main(orders: dict[str, Any]) -> None:
    with atheris.instrument_imports(include=[orders["instrumented"]]):
        seeds_of = importlib.import_module("tests.engine.coverage_seeds")
        table = importlib.import_module(orders["table"]).TARGETS
    folder = Path(orders["folder"])
    for name, seconds, runs in orders["targets"]:
        seeds = folder / "seeds" / name
        seeds_of.write(table[name], seeds)
        seeds_of.write_words(table[name], folder / f"{name}.words")
        (folder / name / "corpus").mkdir(parents=True, exist_ok=True)
        options = [f"-seed={orders['seed']}", f"-max_total_time={seconds}", f"-runs={runs}"]
        options += [
            f"-timeout={orders['timeout']}",
            f"-dict={folder}/{name}.words",
            f"-rss_limit_mb={orders['memory']}",
        ]
        began = time.monotonic()
        status = _forked(table[name], folder / name, seeds, options)
        sys.stdout.write(json.dumps(_told(name, folder / name, status, time.monotonic() - began)) + "\n")
        sys.stdout.flush()


def _told(name: str, place: Path, status: int, seconds: float) -> dict[str, Any]:
    executed = _EXECUTED.search((place / "log").read_text("utf-8", "replace"))
    found = sorted(str(path) for path in place.iterdir() if path.name not in {"corpus", "log"})
    return {
        "name": name,
        "status": status,
        "seconds": round(seconds, 1),
        "executed": int(executed[1]) if executed else 0,
        "found": found,
    }


def _forked(target: Any, place: Path, seeds: Path, options: list[str]) -> int:
    """Run the fuzzer over one target in a process of its own; return its exit status."""
    child = os.fork()
    if not child:
        log = os.open(place / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        longest = max([_LONGEST, *(path.stat().st_size for path in seeds.iterdir())])
        folders = [str(place / "corpus"), str(seeds)]
        arguments = [target.name, *options, *_TELLING, f"-max_len={longest}", f"-artifact_prefix={place}/", *folders]
        atheris.Setup(arguments, target.run)
        atheris.Fuzz()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
