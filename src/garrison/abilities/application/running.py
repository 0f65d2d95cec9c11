"""Runs programs whose words only matter when they fail."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from garrison.base.errors import Failed

_MOST_WORDS = 300


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended."""

    code: int
    out: bytes
    words: bytes

    def last_words(self) -> str:
        """Return the last line of what it said of its trouble."""
        lines = [line.strip() for line in self.words.decode("utf-8", "replace").splitlines() if line.strip()]
        return lines[-1][:_MOST_WORDS] if lines else ""


async def run(command: Sequence[str], environment: Mapping[str, str], seconds: float) -> Ended:
    """Run a program to its end. Raises Failed when it takes too long, or is not there."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
            cwd="/",
        )
    except OSError as error:
        raise Failed(
            "{command} could not be started: {why}.", command=command[0], why=(error.strerror or "").lower()
        ) from error
    try:
        async with asyncio.timeout(seconds):
            out, words = await process.communicate()
    except TimeoutError:
        raise Failed("It took longer than {seconds} seconds.", seconds=f"{seconds:.0f}") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode or 0, out, words)
