"""A real daemon on a home of its own."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any, Self

from garrison.base.paths import Home, own_program
from garrison.wire.client import Client

PATIENCE_SECONDS = 60.0


def children(process: int) -> set[int]:
    """Return all processes below one."""
    found: set[int] = set()
    for child in _children_of(process):
        found |= {child} | children(child)
    return found


def _children_of(process: int) -> list[int]:
    try:
        threads = list(Path(f"/proc/{process}/task").iterdir())
        return [int(number) for thread in threads for number in (thread / "children").read_text("ascii").split()]
    except OSError:
        return []


def is_alive(process: int) -> bool:
    """Return whether a process runs; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Live:
    """One daemon process. said: the line that it reported on its descriptor. A context manager that ends it."""

    def __init__(self, home: Home, *options: str) -> None:
        self.home = home
        reading, writing = os.pipe()
        try:
            self.process = subprocess.Popen(
                [*own_program("garrison.daemon"), "--home", str(home.root), "--ready", str(writing), *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(writing,),
                start_new_session=True,
            )
        finally:
            os.close(writing)
        with open(reading, "rb") as pipe:
            self.line = pipe.readline()

    @property
    def said(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.line) if self.line else {}
        return message

    def __enter__(self) -> Self:
        if self.said != {"ready": True}:
            self.end()
            raise AssertionError(f"the daemon did not start: {self.said} {self.errors}")
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    errors = ""

    def client(self, timeout_seconds: float | None = PATIENCE_SECONDS) -> Client:
        return Client(self.home.socket, timeout_seconds)

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        _, errors = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.errors = errors.decode("utf-8", "replace")
        return self.process.returncode

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.kill()


def call(home: Home, operation: str, **arguments: Any) -> Any:
    """Return the result of one call to the daemon of a home."""
    with Client(home.socket, PATIENCE_SECONDS) as client:
        return client.call(operation, arguments)["result"]
