"""Publishing versions of Garrison itself: a set of wheels that is complete, as targets of the same repository."""

import hashlib
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

from garrison.abilities.application.release import (
    INSTALLER,
    MOST_WHEEL_BYTES,
    PRODUCT,
    TARGET,
    Release,
    Wheel,
    distribution_of,
    read_release,
    written,
)
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.files import explain
from garrison.base.installed import version_key
from garrison.base.text import printable
from garrison.office.publisher.repository import Repository

_SECONDS = 300
_FOLDER = "application/"


def last_release(repository: Repository) -> Release | None:
    """Return the version that is published, None when there is none. Raises Failed, and as `explain`."""
    path = repository.target_file(TARGET)
    if path is None:
        return None
    try:
        return read_release(path.read_bytes())
    except OSError as error:
        raise explain(error, f"read {path}") from error


def publish_application(
    repository: Repository, clock: Clock, wheels: Path, stage: Path, version: str = "", min_previous: str = ""
) -> Release:
    """Publish the version whose wheels lie in a folder; without a version, the only one there.

    stage: a folder on the repository's disk to work in. Raises NotFound, Invalid, Failed, and as `Repository.publish`.
    """
    try:
        found = _found(wheels)
        version = _version(found, version)
        _check_newer(version, last_release(repository), min_previous)
        names = [_installer(found), *_needed(found, wheels, version)]
        release = Release(
            version=version,
            created=clock.now().isoformat(timespec="seconds"),
            python=f"{sys.version_info.major}.{sys.version_info.minor}",
            machine=platform.machine(),
            wheels={name: _wheel(wheels / name) for name in sorted(names)},
            min_previous=min_previous,
        )
        with tempfile.TemporaryDirectory(dir=stage) as place:
            targets = {release.target(name): Path(shutil.copy(wheels / name, place)) for name in release.wheels}
            listed = Path(place, TARGET)
            listed.write_bytes(written(release))
            repository.publish({**targets, TARGET: listed}, lambda target: not target.startswith(_FOLDER))
    except OSError as error:
        raise explain(error, "publish a version of Garrison") from error
    return release


def _found(wheels: Path) -> dict[str, tuple[str, str]]:
    """Return name and version of what each wheel in a folder holds, by its file's name."""
    if not wheels.is_dir():
        raise NotFound("There is no folder {wheels}.", wheels=printable(str(wheels)))
    found = {}
    for path in sorted(wheels.glob("*.whl")):
        try:
            found[path.name] = distribution_of(path.name)
        except ValueError:
            raise Invalid("{name} is not called as a wheel is.", name=printable(path.name)) from None
    return found


def _version(found: dict[str, tuple[str, str]], wanted: str) -> str:
    versions = sorted(version for name, version in found.values() if name == PRODUCT and wanted in {"", version})
    if not versions:
        raise NotFound(
            f"There is no wheel of Garrison {wanted}".rstrip() + " in the folder.",
            "Make one in a checkout: pip wheel --no-deps --wheel-dir FOLDER .",
        )
    if len(versions) > 1:
        raise Invalid(
            "There are several versions of Garrison: {versions}.",
            "Name one: --version VERSION",
            versions=", ".join(versions),
        )
    try:
        version_key(versions[0])
    except ValueError:
        raise Invalid("A version is numbers with dots between, not {versions}.", versions=versions[0]) from None
    return versions[0]


def _check_newer(version: str, last: Release | None, min_previous: str) -> None:
    try:
        is_later = bool(min_previous) and version_key(min_previous) >= version_key(version)
    except ValueError:
        raise Invalid("The oldest version to change from is no version: it is numbers with dots between.") from None
    if is_later:
        raise Invalid("A version cannot take over from itself or a later one only.")
    if last is not None and version_key(version) <= version_key(last.version):
        raise Invalid(
            "Garrison {version} is published, and {other_version} is no newer.",
            "Give what has changed a new version.",
            version=last.version,
            other_version=version,
        )


def _installer(found: dict[str, tuple[str, str]]) -> str:
    names = [name for name, (distribution, _) in found.items() if distribution == INSTALLER]
    if len(names) != 1:
        raise NotFound(
            "Just one wheel of pip has to be in the folder: it installs the others.",
            "A checkout has one: packaging/pip-*.whl",
        )
    return names[0]


def _needed(found: dict[str, tuple[str, str]], wheels: Path, version: str) -> list[str]:
    """Return the wheels that a version takes here, as pip finds them. Raises Failed when some are missing."""
    command = [
        *(sys.executable, "-I", f"{wheels / _installer(found)}/pip", "install", "--isolated", "--quiet", "--dry-run"),
        *("--no-input", "--disable-pip-version-check", "--no-cache-dir", "--ignore-installed", "--no-index"),
        *("--only-binary", ":all:", "--find-links", str(wheels), "--report", "-", f"{PRODUCT}=={version}"),
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, cwd="/", timeout=_SECONDS, check=False
    )
    if done.returncode != 0:
        lines = [line for line in done.stderr.decode("utf-8", "replace").splitlines() if line.strip()]
        raise Failed("The wheels are not complete.", printable(lines[-1])[:300] if lines else "")
    addresses = [entry["download_info"]["url"] for entry in json.loads(done.stdout)["install"]]
    names = {unquote(urlsplit(address).path).rpartition("/")[2] for address in addresses}
    if not names <= set(found):
        raise Failed("pip would install what is not in the folder.")
    return sorted(names)


def _wheel(path: Path) -> Wheel:
    """Read a wheel to its end. Raises Failed, OSError."""
    size = path.stat().st_size
    if size > MOST_WHEEL_BYTES:
        raise Failed("{name} is larger than what can be published.", name=path.name)
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise Failed("{name} is damaged.", name=path.name) from error
    if damaged is not None:
        raise Failed("{name} is damaged.", name=path.name)
    with path.open("rb") as file:
        return Wheel(size, hashlib.file_digest(file, "sha256").hexdigest())
