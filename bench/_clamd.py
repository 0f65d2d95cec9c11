"""clamd, started for a measurement on a socket of its own, with a number of threads."""

import os
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from bench._pairs import need

_TICKS = os.sysconf("SC_CLK_TCK")
_SETTINGS = """Foreground yes
LocalSocket {socket}
DatabaseDirectory {databases}
TemporaryDirectory {folder}
PidFile {folder}/pid
MaxThreads {threads}
DisableCache {cache}
MaxScanSize 400M
MaxFileSize 100M
MaxRecursion 17
MaxFiles 10000
User root
"""


class Clamd:
    """A running clamd. cache: whether it remembers clean files."""

    def __init__(self, databases: Path, threads: int = 2, *, cache: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-clamd-")
        folder = Path(self._folder.name)
        self.socket = folder / "socket"
        settings = folder / "clamd.conf"
        text = _SETTINGS.format(
            socket=self.socket,
            databases=databases,
            folder=folder,
            threads=threads,
            cache="no" if cache else "yes",
        )
        if os.geteuid() != 0:
            text = text.replace("User root\n", "")
        settings.write_text(text)
        self.settings = settings
        command = [need("clamd", "clamav-daemon"), "-c", str(settings)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self) -> Self:
        """Wait until it answers. Raises RuntimeError when it does not."""
        for _ in range(1200):
            if self._process.poll() is not None:
                raise RuntimeError(f"clamd ended with {self._process.returncode}")
            try:
                if self.ask("PING") == "PONG":
                    return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("clamd does not answer")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait(60)
        self._folder.cleanup()

    def ask(self, command: str) -> str:
        """Send one command; return the answer."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket))
            connection.sendall(f"n{command}\n".encode())
            pieces = []
            while piece := connection.recv(65536):
                pieces.append(piece)
        return b"".join(pieces).decode(errors="replace").strip()

    def cpu(self) -> float:
        """Return the processor time used so far, in seconds."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    @property
    def process(self) -> int:
        """Return its number."""
        return self._process.pid

    def resident_mib(self) -> float:
        """Return the resident memory in MiB."""
        return resident_mib(self._process.pid)


def resident_mib(process: int) -> float:
    """Return a process's own share of resident memory (PSS), in MiB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
