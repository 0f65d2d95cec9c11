"""Small volumes of their own for tests, mounted by loop devices, and the watcher that looks after one."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from garrison.linux.capabilities import SYS_ADMIN, has_capability
from garrison.wire.watching import Documents

WATCHER = Path(__file__).parent / "watch_alone.py"
MIB = {"ext4": 320, "xfs": 320, "btrfs": 160}
PATIENCE_SECONDS = 30


def why_not(kind: str = "ext4") -> str:
    """Return why such a volume cannot be had here, "" when it can."""
    if not has_capability(SYS_ADMIN):
        return "needs the rights of root"
    if shutil.which(f"mkfs.{kind}") is None:
        return f"needs mkfs.{kind}"
    return "" if kind in Path("/proc/filesystems").read_text("ascii") else f"the kernel has no {kind}"


@contextlib.contextmanager
def volume(folder: Path, kind: str = "ext4") -> Iterator[Path]:
    """Mount a fresh volume and take it down again."""
    image, place = folder / f"{kind}.img", folder / kind
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(MIB[kind] * 1024 * 1024)
    subprocess.run([f"mkfs.{kind}", "-q", str(image)], check=True, capture_output=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
        image.unlink()


class Watcher:
    """The System Watcher's part of the gate in a process of its own."""

    def __init__(self, *masked: str) -> None:
        command = ["timeout", "-s", "KILL", "300", sys.executable, str(WATCHER), *masked]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True, cwd=WATCHER.parents[2]
        )
        self.facts: list[dict[str, Any]] = []
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it in order."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(PATIENCE_SECONDS)
        self._process.stdout.close()

    def kill(self) -> None:
        """End it as a crash would."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text("ascii").split()
        for pid in children:
            os.kill(int(pid), 9)
        self._process.wait(PATIENCE_SECONDS)

    def go_by(self, plan: Documents, *private: Path) -> dict[str, Any]:
        """Give it a plan and wait until it goes by it."""
        assert self._process.stdin is not None
        line = json.dumps({"plan": plan.to_plain(), "private": [str(each) for each in private]})
        self._process.stdin.write(line.encode("ascii") + b"\n")
        self._process.stdin.flush()
        ready = self.wait_for("ready")
        assert ready is not None
        assert ready["done"]
        return ready

    def wait_for(self, kind: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any] | None:
        """Return the next fact of a kind, None when none comes in time; the others are kept."""
        for fact in self.facts:
            if fact["fact"] == kind:
                self.facts.remove(fact)
                return fact
        while (fact_read := self._read(seconds)) is not None:
            if fact_read["fact"] == kind:
                return fact_read
            self.facts.append(fact_read)
        return None

    def _read(self, seconds: float) -> dict[str, Any] | None:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            if not select.select([self._process.stdout], [], [], seconds)[0]:
                return None
            piece = os.read(self._process.stdout.fileno(), 1 << 20)
            if not piece:
                return None
            self._rest += piece
        line, _, self._rest = self._rest.partition(b"\n")
        fact: dict[str, Any] = json.loads(line)
        return fact
