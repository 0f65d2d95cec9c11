"""Proves that file protection works: the EICAR test file is really opened, by a program of its own, and refused."""

import asyncio
import json
import sys
from pathlib import Path

from garrison.base.files import explain

# The EICAR test file, in parts so that this very file is not found.
_EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
NAME = "eicar.com"
_SECONDS = 30.0
_TRY = """
import json, sys, time
began = time.monotonic()
try:
    open(sys.argv[1], "rb").close()
    refused = False
except PermissionError:
    refused = True
print(json.dumps([refused, round((time.monotonic() - began) * 1000)]))
"""


def write_test_file(folder: Path) -> Path:
    """Write the test file; return its path. Raises a GarrisonError."""
    path = folder / NAME
    try:
        path.unlink(missing_ok=True)
        path.write_bytes(_EICAR.encode("ascii"))
    except OSError as error:
        raise explain(error, "write {path}", path=path) from error
    return path


async def try_to_open(path: Path) -> tuple[bool, int]:
    """Have another program open a file; return whether it was refused, and after how many milliseconds.

    Raises TimeoutError, ValueError when that program does not say.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-S", "-c", _TRY, str(path),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(_SECONDS):
            said, _ = await process.communicate()
    except BaseException:
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    refused, milliseconds = json.loads(said)
    return bool(refused), int(milliseconds)
