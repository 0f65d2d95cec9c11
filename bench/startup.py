"""How long a person waits for the command line: help, and the status of a running suite."""

import os
import tempfile
from pathlib import Path
from typing import Any

from bench._pairs import medians, need, row, run, version

ROUNDS = 15
LAUNCHER = str(Path(__file__).parent.parent / "garrison")


def measure() -> dict[str, Any]:
    """Return rows: wall milliseconds beside two peers that only print their version."""
    peers = {
        "clamdscan --version": [need("clamdscan", "clamdscan"), "--version"],
        "restic version": [need("restic", "restic"), "version"],
    }
    with tempfile.TemporaryDirectory() as folder:
        env = {"GARRISON_HOME": folder}
        run([LAUNCHER, "start", "--no-scan"], env=env)
        try:
            rows = [
                _row(work, [LAUNCHER, *arguments], limit, env, name, peer)
                for work, arguments, limit in (("--help", ["--help"], 100), ("status", ["status"], 150))
                for name, peer in peers.items()
            ]
        finally:
            run([LAUNCHER, "stop"], env=env)
    return {"rows": rows, "detections": [], "cores": os.cpu_count()}


def _row(  # what a row is made of
    work: str, command: list[str], limit_ms: int, env: dict[str, str], name: str, peer: list[str]
) -> dict[str, Any]:
    ours, theirs = medians(lambda: run(command, (0, 1, 2), env), lambda: run(peer), ROUNDS)
    milliseconds = ours.wall * 1000
    return row(
        f"garrison {work}, beside {name}",
        milliseconds,
        theirs.wall * 1000,
        peer_version=version(*peer),
        unit="ms wall",
        target=f"under {limit_ms} ms",
        met=milliseconds < limit_ms,
        rounds=ROUNDS,
    )
