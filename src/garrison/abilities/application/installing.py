"""Installs a version from its wheels into an environment of its own, by pip's own wheel, without a network."""

import asyncio
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from garrison.abilities.application.release import INSTALLER, Release, distribution_of
from garrison.abilities.application.running import run
from garrison.base.errors import Failed, GarrisonError
from garrison.base.files import explain

_SECONDS = 600.0
_FULL = ("No space left", "Errno 28", "Disk quota")


def base_python() -> str:
    """Return the interpreter that environments are made from: the file itself, not a link that may lead elsewhere."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


async def install(release: Release, wheels: Path, folder: Path) -> None:
    """Make an environment with a version in a folder that is there and empty.

    wheels: the folder with the wheels, each checked. Raises Failed, and what `explain` makes of an OSError.
    """
    scratch = folder.with_name(f"{folder.name}.tmp")
    wanted = scratch / "wanted.txt"
    try:
        scratch.mkdir(mode=0o700)
        wanted.write_text(_wanted(release), "ascii")
        await _step([base_python(), "-I", "-m", "venv", "--without-pip", str(folder)], {})
        installer = next(name for name in release.wheels if distribution_of(name)[0] == INSTALLER)
        await _step(
            [
                *(str(folder / "bin" / "python"), "-I", f"{wheels / installer}/pip", "install", "--isolated"),
                *("--quiet", "--no-input", "--disable-pip-version-check", "--no-warn-script-location"),
                *("--no-cache-dir", "--no-index", "--only-binary", ":all:", "--find-links", str(wheels)),
                *("--require-hashes", "-r", str(wanted)),
            ],
            {"TMPDIR": str(scratch)},
        )
        _forget_scripts(folder / "bin")
        await asyncio.to_thread(os.sync)
    except OSError as error:
        raise explain(error, "install a version of Garrison") from error
    finally:
        await asyncio.to_thread(shutil.rmtree, scratch, ignore_errors=True)


def _wanted(release: Release) -> str:
    """Return the list of requirements: everything, each in the one form that its digest allows."""
    lines = []
    for name, wheel in release.wheels.items():
        distribution, version = distribution_of(name)
        if distribution != INSTALLER:
            lines.append(f"{distribution}=={version} --hash=sha256:{wheel.sha256}\n")
    return "".join(lines)


async def _step(command: list[str], environment: Mapping[str, str]) -> None:
    try:
        ended = await run(command, environment, _SECONDS)
    except GarrisonError as error:
        raise Failed("The new version could not be installed. {why}", why=error.text) from error
    if ended.code == 0:
        return
    said = ended.words.decode("utf-8", "replace")
    if any(sign in said for sign in _FULL):
        raise Failed("The new version could not be installed: the disk is full.", "Free some space and try again.")
    raise Failed("The new version could not be installed.", ended.last_words())


def _forget_scripts(folder: Path) -> None:
    """Remove the scripts that packages bring: they name the place where the environment was made."""
    for path in folder.iterdir():
        if not path.name.startswith("python"):
            path.unlink()
