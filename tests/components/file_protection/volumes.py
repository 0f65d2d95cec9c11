"""What the tests of file protection share: a volume of their own, with a suite on it, so that nothing else is asked."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.linux.capabilities import SYS_ADMIN, has_capability
from tests.suite import RunningSuite

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not has_capability(SYS_ADMIN), reason="needs root, to mount and to be asked by the kernel"
)


@contextlib.contextmanager
def volume(folder: Path) -> Iterator[Path]:
    """Mount a file system of our own on a folder: an ext4 image on a loop device."""
    image = folder.with_name(f"{folder.name}.img")
    with open(image, "wb") as file:
        file.truncate(200 * 1024 * 1024)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()


def opens(path: Path) -> bool:
    """Return whether another program may open a file."""
    done = subprocess.run(["cat", str(path)], capture_output=True, check=False, timeout=60)
    assert done.returncode == 0 or b"not permitted" in done.stderr, done.stderr
    return done.returncode == 0


def until(condition: Callable[[], Any], seconds: float = 15.0) -> float:
    """Wait for something; return how long it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come"
        time.sleep(0.02)
    return time.monotonic() - began


def told(suite: RunningSuite, event: str) -> list[dict[str, Any]]:
    """Return the details of the events of a kind, newest first."""
    rows = suite.call("suite.journal", component="file-protection", limit=1000)
    return [row["details"] for row in rows if row["name"] == event]


def issues(suite: RunningSuite) -> set[str]:
    """Return the issues of file protection."""
    return {
        row["id"].partition(".")[2] for row in suite.call("suite.status")["issues"] if "file-protection" in row["id"]
    }


def garrison(suite: RunningSuite, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line."""
    return subprocess.run(
        [sys.executable, "-X", "utf8", "-I", "-m", "garrison.cli", *arguments],
        env={**os.environ, "GARRISON_HOME": str(suite.home.root)},
        capture_output=True, text=True, check=False, timeout=120, cwd="/",
    )  # fmt: skip
