"""Proves that the System Watcher works: a program of our own encrypts files that were made for that."""

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from garrison.abilities.rewinding import Rewinding
from garrison.base.files import explain

_COUNT = 12
_SECONDS = 20.0
_WORDS = b"This file was made so that the System Watcher can prove itself. Nobody needs it. "
# It waits to be told, then does to each file what ransomware does, and to nothing else.
_ATTACK = """
import os, sys
sys.stdin.read(1)
for name in sorted(os.listdir(sys.argv[1])):
    with open(os.path.join(sys.argv[1], name), "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(os.urandom(len(content)))
"""


def make_documents(folder: Path) -> dict[Path, bytes]:
    """Write the files into an empty folder; return their contents by path. Raises a GarrisonError."""
    made = {folder / f"document{number:02d}.txt": _WORDS * (5 + number) + b"%d" % number for number in range(_COUNT)}
    try:
        _empty(folder)
        for path, content in made.items():
            path.write_bytes(content)
    except OSError as error:
        raise explain(error, "write into {path}", path=folder) from error
    return made


def differing(made: Mapping[Path, bytes]) -> int:
    """Return how many files have not the content that they were made with."""
    return sum(1 for path, content in made.items() if not path.exists() or path.read_bytes() != content)


class Attack:
    """The program while it runs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def begin(self) -> None:
        """Tell it to begin."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"x")

    async def wait(self) -> bool:
        """Wait until it has ended; return whether it was killed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SECONDS):
                return await self._process.wait() < 0
        return False


@contextlib.asynccontextmanager
async def attack(folder: Path) -> AsyncIterator[Attack]:
    """Have the program ready, in a session of its own, and gone afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _ATTACK, str(folder), start_new_session=True,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield Attack(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def tidy(rewinding: Rewinding) -> None:
    """Take away the files, and what undoing put of them into quarantine: nothing of it is anybody's."""
    await rewinding.forget_in(rewinding.proof_folder)
    with contextlib.suppress(OSError):
        await asyncio.to_thread(_empty, rewinding.proof_folder)


def _empty(folder: Path) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path)
            else:
                os.unlink(entry.path)
