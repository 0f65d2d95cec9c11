"""Kill -9 of a real daemon at random moments while it puts what a scan finds into quarantine.

Whatever the moment: no file is both gone from its place and missing from quarantine, every copy gives back the very
bytes, the journal verifies, the settings are intact, and no process is left over.

Run as `python -m tests.daemon.campaign SEED TIMES`.
"""

import io
import os
import random
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.wire.client import Client
from tests.daemon.live import Live, call, children, is_alive

# In parts, so that this very file is not found.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode("ascii")
FILES = 24
LONGEST_SCAN_SECONDS = 0.35
GONE_SECONDS = 10.0


@dataclass(slots=True)
class Figures:
    """What became of the planted files, over all rounds."""

    rounds: int = 0
    in_place: int = 0
    quarantined: int = 0
    cut_short: int = 0  # rounds in which the kill came before the scan's answer
    mixed: int = 0  # rounds that left files both in place and in quarantine
    slowest_start: float = 0.0
    problems: list[str] = field(default_factory=list)


def campaign(seed: int, times: int) -> None:
    """Kill a daemon so many times. Raises AssertionError with what was lost."""
    figures = run(seed, times)
    assert not figures.problems, "\n".join(figures.problems)


def run(seed: int, times: int) -> Figures:
    """Do it all and return the figures."""
    chance = random.Random(seed)
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        home = Home(base / "home")
        _prepare(home)
        for number in range(times):
            planted = plant(base / "files", chance, number)
            try:
                _round(home, planted, chance, figures)
            except AssertionError as error:
                figures.problems.append(f"round {number}: {error}")
            shutil.rmtree(base / "files")
    return figures


def _prepare(home: Home) -> None:
    with Live(home):
        call(home, "suite.settings-set", name="quarantine.limit_mib", values=["77"])


def plant(folder: Path, chance: random.Random, number: int) -> dict[Path, bytes]:
    """Make threats, each with a content of its own: plain and zipped, some in folders, one name no UTF-8."""
    planted = {}
    for index in range(FILES):
        place = folder / f"folder-{index % 5}"
        place.mkdir(parents=True, exist_ok=True)
        # The test file may have white space at its end, up to 128 bytes in all: so each is different.
        tail = "".join(chance.choice(" \t\r\n") for _ in range(40)).encode()
        content = EICAR + tail if index % 2 else _zipped(EICAR, f"{number} {index}")
        name = f"threat-{index}".encode() + (b"\xff" if index == 3 else b"")
        path = place / os.fsdecode(name)
        path.write_bytes(content)
        planted[path] = content
    return planted


def _zipped(content: bytes, note: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{note}.com", content)
    return buffer.getvalue()


def _round(home: Home, planted: dict[Path, bytes], chance: random.Random, figures: Figures) -> None:
    figures.rounds += 1
    with Live(home) as daemon:
        scan = _Scan(home, next(iter(planted)).parent.parent)
        scan.start()
        time.sleep(chance.uniform(0, LONGEST_SCAN_SECONDS))
        workers = children(daemon.process.pid)
        daemon.kill()
        scan.join()
    figures.cut_short += not scan.answered
    began = time.monotonic()
    with Live(home) as daemon:
        figures.slowest_start = max(figures.slowest_start, time.monotonic() - began)
        _check(home, planted, figures)
        workers |= children(daemon.process.pid)
    _check_gone(workers)


class _Scan(threading.Thread):
    """Asks for a scan and waits until it is answered or the daemon is gone."""

    def __init__(self, home: Home, folder: Path) -> None:
        super().__init__()
        self._client = Client(home.socket, 120.0)
        self._folder = folder
        self.answered = False

    def run(self) -> None:
        with self._client:
            try:
                self._client.call("scan.files", {"paths": [str(self._folder)], "action": "quarantine"})
                self.answered = True
            except GarrisonError:
                pass  # it was killed


def _check(home: Home, planted: dict[Path, bytes], figures: Figures) -> None:
    assert call(home, "suite.report-verify")["intact"], "the journal is broken"
    assert call(home, "suite.settings-get", name="quarantine.limit_mib")["value"] == 77, "the settings are lost"
    status = call(home, "suite.status")
    damaged = [issue["id"] for issue in status["issues"] if "damaged" in issue["id"] or "defect" in issue["id"]]
    assert not damaged, f"something is damaged: {damaged}"
    held = {row["path"]: row for row in call(home, "quarantine.list")}
    kept = {path for path in planted if path.exists()}
    figures.in_place += len(kept)
    figures.quarantined += len(held)
    figures.mixed += bool(kept) and bool(held)
    lost = [os.fspath(path) for path in planted if path not in kept and os.fspath(path) not in held]
    assert not lost, f"lost: {lost}"
    _restore_all(home, held, planted, kept)
    strange = [path.name for folder in next(iter(planted)).parent.parent.iterdir() for path in folder.iterdir()]
    assert len(strange) == len(planted), f"something else was left in the folders: {sorted(strange)}"
    assert not call(home, "quarantine.list")


def _restore_all(home: Home, held: dict[str, Any], planted: dict[Path, bytes], kept: set[Path]) -> None:
    for name, row in held.items():
        assert Path(name) not in kept, f"both in place and in quarantine: {name}"
        call(home, "quarantine.restore", id=row["id"])
    for path, content in planted.items():
        assert path.read_bytes() == content, f"other bytes in {path}"


def _check_gone(processes: set[int]) -> None:
    until = time.monotonic() + GONE_SECONDS
    while left := {process for process in processes if is_alive(process)}:
        assert time.monotonic() < until, f"processes are left over: {left}"
        time.sleep(0.05)


if __name__ == "__main__":
    start = time.monotonic()
    sys.stdout.write(f"{run(int(sys.argv[1]), int(sys.argv[2]))}\n{time.monotonic() - start:.0f} s\n")
