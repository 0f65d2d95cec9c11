"""freshclam on this computer's own network, and what ClamAV's form of a difference comes to."""

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from bench._pairs import Cost, need, run

_SIGNATURE_CHARS = 342  # RSA of 2048 bits, in ClamAV's base 64
_SETTINGS = """DatabaseDirectory {databases}
DatabaseOwner {owner}
DatabaseMirror {address}
DNSDatabaseInfo no
"""


class Served:
    """A folder served on loopback by a process of its own. address: without a slash at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = ""

    def __enter__(self) -> Self:
        """Start it. Raises RuntimeError when it does not."""
        command = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(self._folder)]
        self._process = subprocess.Popen(
            [*command, "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline().split()
        if "port" not in said:
            raise RuntimeError("nothing is served")
        self.address = f"http://127.0.0.1:{said[said.index('port') + 1]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()


def freshclam(databases: Path, address: str, names: list[str]) -> Cost:
    """Have freshclam bring plain files up to date (`DatabaseCustomURL`), tested as it does by default."""
    owner = databases.owner()
    settings = _SETTINGS.format(databases=databases, owner=owner, address=address)
    settings += "".join(f"DatabaseCustomURL {address}/{name}\n" for name in names)
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(settings)
        file.flush()
        return run([need("freshclam", "clamav-freshclam"), f"--config-file={file.name}", "--update-db=custom"])


def cdiff(old: Path, new: Path) -> bytes:
    """Return the difference of two folders as ClamAV publishes it: the script that sigtool makes, packed and signed.

    The place of the signature is taken by as many bytes.
    """
    script = b""
    for path in sorted(new.iterdir()):
        command = [need("sigtool", "clamav"), "--compare", os.path.relpath(old / path.name, new), path.name]
        script += subprocess.run(command, cwd=new, capture_output=True, check=True).stdout
    if b"ADD " not in script or b"DEL " not in script:
        raise RuntimeError("sigtool found no difference")
    return b"ClamAV-Diff:2:%d:" % len(script) + gzip.compress(script, 9, mtime=0) + b":" + b"x" * _SIGNATURE_CHARS
