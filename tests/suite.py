"""A real suite for tests: a daemon process, spoken to through its door."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self

from garrison.base.paths import Home, own_program
from garrison.wire.client import Client

# The EICAR test file, in parts so that this very file is not found.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode("ascii")


class RunningSuite:
    """A daemon that lasts until it is left."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it is ready."""
        reading, writing = os.pipe()
        command = [*own_program("garrison.daemon"), "--home", str(self.home.root), "--ready", str(writing)]
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=(writing,), cwd="/")
        os.close(writing)
        with open(reading, "rb") as pipe:
            line = pipe.readline()
        assert b"true" in line, line

    def stop(self) -> None:
        """End it and wait until it has."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
            self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(30)
        self._process = None

    @contextlib.contextmanager
    def connected(self) -> Iterator[Client]:
        """Return a connection to its door."""
        with Client(self.home.socket, timeout_seconds=60) as client:
            yield client

    def call(self, operation: str, /, **arguments: Any) -> Any:
        """Ask for an operation and return the plain result."""
        with self.connected() as client:
            return client.call(operation, arguments)["result"]
