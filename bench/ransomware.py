"""How many of 200 documents ransomware reaches, and how many are damaged after restoring: every shape of attack.

The peer is no protection. On ext4, xfs and btrfs, each on a loop device of its own; a second half masks what kernels
before 6.14 lack (a question before a truncation).
"""

import asyncio
import os
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench._pairs import row
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.rewinding import Rewinding
from garrison.base.clock import SystemClock
from garrison.base.paths import Home
from garrison.wire.watching import Alarm, Documents
from tests.gate.attacks import command, make_documents
from tests.gate.volumes import Watcher, volume, why_not

DOCUMENTS = 200
MOST_TOUCHED = 3
PEER = "no protection"
SHAPES = ("in-place", "o_trunc", "new+unlink", "rename-over", "mmap", "truncate", "per-file")
KINDS = ("ext4", "xfs", "btrfs")
MASKS: dict[str, tuple[str, ...]] = {"": (), ", as on Linux 6.1": ("pre_access",)}


def measure() -> dict[str, Any]:
    """Return rows: files that no longer have their content, at the stop and after restoring, of 200."""
    rows: list[dict[str, Any]] = []
    for kind in KINDS:
        if problem := why_not(kind):
            raise RuntimeError(f"{kind}: {problem}")
        with tempfile.TemporaryDirectory() as folder, volume(Path(folder), kind) as place:
            for said, masked in MASKS.items():
                for shape in SHAPES:
                    rows += _rows(f"{shape} on {kind}{said}", shape, masked, place)
    return {"rows": rows, "detections": [], "kernel": os.uname().release, "cores": os.cpu_count()}


def _rows(work: str, shape: str, masked: tuple[str, ...], place: Path) -> list[dict[str, Any]]:
    unprotected = place / "unprotected"
    unprotected.mkdir()
    made = make_documents(unprotected, DOCUMENTS)
    subprocess.run(command(shape, unprotected), check=True, stderr=subprocess.DEVNULL)
    lost = len(_differing(made))
    _clear(unprotected)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        touched, damaged, seconds = _attack(shape, masked, Path(folder))
    return [
        row(f"{work}: touched", touched, lost, unit="files of 200", target=f"at most {MOST_TOUCHED}",
            met=touched <= MOST_TOUCHED, peer_version=PEER, rounds=1),
        row(f"{work}: damaged after restoring", damaged, lost, unit="files of 200", target="none",
            met=damaged == 0, peer_version=PEER, rounds=1) | {"stopped_after_seconds": round(seconds, 3)},
    ]  # fmt: skip


def _attack(shape: str, masked: tuple[str, ...], folder: Path) -> tuple[int, int, float]:
    """Return how many files were touched, how many are damaged in the end, and when it was stopped."""
    documents = folder / "documents"
    documents.mkdir()
    home = Home(folder / "home")
    home.prepare()
    rewinding = Rewinding(home, Quarantine(home, SystemClock()))
    made = make_documents(documents, DOCUMENTS)
    plan = Documents(str(rewinding.folder), (str(documents),))
    with Watcher(*masked) as watcher:
        watcher.go_by(plan)
        began = time.perf_counter()
        with subprocess.Popen(command(shape, documents), stderr=subprocess.DEVNULL) as attack:
            told = watcher.wait_for("Alarm", 60)
            seconds = time.perf_counter() - began
            if told is None:
                attack.wait(60)
                return len(_differing(made)), len(_differing(made)), seconds
            alarm = Alarm.from_plain({name: value for name, value in told.items() if name != "fact"})
            touched = len(_differing(made))
            asyncio.run(rewinding.undo(alarm))
            watcher.go_by(replace(plan, decided={alarm.id: "end"}))
            attack.wait(60)
    return touched, len(_differing(made)), seconds


def _differing(made: dict[str, bytes]) -> list[str]:
    return [path for path, content in made.items() if not os.path.exists(path) or Path(path).read_bytes() != content]


def _clear(folder: Path) -> None:
    subprocess.run(["rm", "-r", str(folder)], check=True)
