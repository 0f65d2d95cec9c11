"""Compiles signature databases that a person names, in a process of its own."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from garrison.abilities.databases.sets import Databases
from garrison.base.errors import Failed, Refused, error_from_plain
from garrison.base.paths import own_program

_COMPILING = "garrison.abilities.databases.compiling"
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Made:
    """A compiled set. report: counts read, compiled and skipped by reason; {} when it was compiled before."""

    folder: Path
    report: dict[str, Any]


class Compiler:
    """Compiles, in a process that may be ended without harm."""

    def __init__(self, databases: Databases) -> None:
        self._cache = databases.folder / ".compiled"

    async def compile(self, sources: list[Path], to: Path, *, pua: bool = False, unsigned: bool = False) -> Made:
        """Compile files and folders of signatures into a folder. Raises Invalid, NotFound, Failed."""
        return await self._ask(sources, to, pua=pua, unsigned=unsigned)

    async def for_scan(self, sources: list[Path], uid: int) -> Path:
        """Return the set that these sources make, compiled now unless it is there. uid: who asks.

        Only the suite's own account may ask: whoever scans for others opens no set that one of them could change.
        Raises Refused, Invalid, NotFound, Failed.
        """
        if uid not in {0, os.geteuid()}:
            raise Refused(
                "Only the owner of this suite may scan with databases of their own.",
                "Start a suite of your own: garrison start",
            )
        self._cache.mkdir(mode=0o700, exist_ok=True)
        return (await self._ask(sources, None, pua=False, unsigned=False)).folder

    async def _ask(self, sources: list[Path], to: Path | None, *, pua: bool, unsigned: bool) -> Made:
        request = {
            "sources": [str(source) for source in sources],
            "to": None if to is None else str(to),
            "cache": str(self._cache),
            "pua": pua,
            "unsigned": unsigned,
        }
        return await ask(request)


async def ask(request: Mapping[str, Any]) -> Made:
    """Have the compiling process make a set as a request says (`compiling`). Raises Invalid, NotFound, Failed."""
    told = await do(request)
    return Made(Path(told["folder"]), told["report"] or {})


async def do(request: Mapping[str, Any], program: str = _COMPILING) -> dict[str, Any]:
    """Have the compiling process do what a request says; return its answer. Raises Invalid, NotFound, Failed.

    program: another one that is asked and answers in the same way.
    """
    process = await asyncio.create_subprocess_exec(
        *own_program(program),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_ENVIRONMENT,
        cwd="/",
        limit=64 * 1024 * 1024,
        start_new_session=True,
    )
    try:
        answer, words = await process.communicate(json.dumps({**request, "parent": os.getpid()}).encode("ascii"))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _told(process.returncode, answer, words)


def _told(code: int | None, answer: bytes, words: bytes) -> dict[str, Any]:
    try:
        told = json.loads(answer)
    except ValueError as error:
        last = words.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1][:200]
        raise Failed("Compiling the databases ended with {code}.", "{advice}", code=code, advice=last) from error
    if not isinstance(told, dict):
        raise Failed("Compiling the databases ended with nonsense.")
    if "error" in told:
        raise error_from_plain(told["error"])
    return told
