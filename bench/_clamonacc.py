"""clamonacc beside a clamd, for one volume: it refuses what clamd finds, whenever a file there is opened."""

import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from bench._pairs import need

_ACCOUNT = "clamav"  # clamonacc asks that clamd's account is left out, and ours may not be
_SETTINGS = """Foreground yes
LocalSocket {folder}/socket
LocalSocketMode 666
DatabaseDirectory {databases}
TemporaryDirectory {folder}
PidFile {folder}/pid
MaxThreads 2
User {account}
OnAccessIncludePath {place}
OnAccessPrevention yes
OnAccessExcludeUname {account}
"""


class Clamonacc:
    """A running clamonacc. place: the folder it guards. test: a file there that both know."""

    def __init__(self, databases: Path, place: Path, test: Path) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bench-clamonacc-")
        self._databases = databases
        self._place = place
        self._test = test
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        """Wait until it refuses the test file. Raises RuntimeError when it does not come to that."""
        folder = Path(self._folder.name)
        folder.chmod(0o777)
        settings = folder / "clamd.conf"
        settings.write_text(
            _SETTINGS.format(folder=folder, databases=self._databases, place=self._place, account=_ACCOUNT)
        )
        try:
            self._start(need("clamd", "clamav-daemon"), "-c", str(settings))
            _wait((folder / "socket").exists)
            self._start(
                need("clamonacc", "clamav-daemon"), "--foreground", "--fdpass", "-c", str(settings), "--log=/dev/null"
            )
            _wait(lambda: is_refused(self._test))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _start(self, *command: str) -> None:
        self._processes.append(
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._processes):
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()


def is_refused(path: Path) -> bool:
    """Return whether a file may not be read."""
    try:
        path.read_bytes()
    except PermissionError:
        return True
    return False


def _wait(true: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not true():
        if time.monotonic() > give_up:
            raise RuntimeError("clamonacc does not guard the volume")
        time.sleep(0.1)
