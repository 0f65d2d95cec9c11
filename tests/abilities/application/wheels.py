"""Wheels without a network: the installed packages packed again, and Garrison from this checkout."""

import base64
import hashlib
import platform
import re
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path

from garrison.abilities.application.release import Release, Wheel, distribution_of

REPOSITORY = Path(__file__).parent.parent.parent.parent
SOURCE = REPOSITORY / "src" / "garrison"


def pack(folder: Path, name: str, version: str, files: Mapping[str, bytes], needs: str = "") -> Path:
    """Make a wheel (binary distribution format 1.0)."""
    about, tag = f"{name}-{version}.dist-info", "py3-none-any"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
    wheel = f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n"
    return write(
        folder / f"{name}-{version}-{tag}.whl",
        {**files, f"{about}/METADATA": metadata.encode(), f"{about}/WHEEL": wheel.encode()},
        f"{about}/RECORD",
    )


def write(path: Path, files: Mapping[str, bytes], record: str) -> Path:
    lines = []
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            lines.append(f"{name},sha256={digest},{len(content)}\n")
            archive.writestr(name, content)
        archive.writestr(record, "".join([*lines, f"{record},,\n"]))
    return path


def installer(folder: Path) -> Path:
    """Put pip's own wheel there."""
    (wheel,) = (REPOSITORY / "packaging").glob("pip-*.whl")
    return Path(shutil.copy(wheel, folder))


def locked(folder: Path) -> None:
    """Put the wheels of all that Garrison depends on there, made from what is installed."""
    lines = (REPOSITORY / "requirements.lock").read_text().splitlines()
    wanted = {line.split("==")[0].lower() for line in lines if "==" in line}
    for each in distributions():
        if re.sub(r"[-_.]+", "-", str(each.metadata["Name"])).lower() in wanted:
            repack(each, folder)


def release_of(folder: Path, version: str) -> Release:
    """Return what is said of a version with all wheels of a folder."""
    wheels = {
        path.name: Wheel(path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in sorted(folder.glob("*.whl"))
    }
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Release(version, "2026-11-24T06:00:00+00:00", here, platform.machine(), wheels)


def surroundings(folder: Path) -> Path:
    """Put a wheel there that stands for all that Garrison depends on: it leads to what is installed here."""
    return pack(folder, "surroundings", "1.0", {"surroundings.pth": f"{sysconfig.get_path('purelib')}\n".encode()})


def repack(distribution: Distribution, folder: Path) -> Path:
    """Make the wheel again that a package was installed from."""
    files, about = {}, ""
    for entry in distribution.files or []:
        text = str(entry)
        if text.startswith("..") or text.endswith(".pyc"):
            continue
        if text.endswith(".dist-info/RECORD"):
            about = text.partition("/")[0]
        elif not text.endswith(("/INSTALLER", "/REQUESTED", "/direct_url.json")):
            files[text] = Path(str(entry.locate())).read_bytes()
    (tag, *_) = (line[5:] for line in files[f"{about}/WHEEL"].decode().splitlines() if line.startswith("Tag: "))
    name = f"{about.removesuffix('.dist-info')}-{tag}.whl"
    distribution_of(name)
    return write(folder / name, files, f"{about}/RECORD")


def garrison(
    folder: Path, version: str, changes: Mapping[str, tuple[str, str]] | None = None, *, is_whole: bool = False
) -> Path:
    """Make the product's wheel from this checkout. changes: by file, what to put in place of what.

    is_whole: with its own dependencies, not with `surroundings`.
    """
    files = {}
    for path in sorted(SOURCE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            files[str(path.relative_to(SOURCE.parent))] = path.read_bytes()
    known = b'__version__ = "0.1.0"'
    assert known in files["garrison/__init__.py"]
    files["garrison/__init__.py"] = files["garrison/__init__.py"].replace(known, f'__version__ = "{version}"'.encode())
    for name, (old, new) in (changes or {}).items():
        assert old.encode() in files[name], name
        files[name] = files[name].replace(old.encode(), new.encode())
    needs = "".join(f"Requires-Dist: {line}\n" for line in (_dependencies() if is_whole else ["surroundings"]))
    return pack(folder, "garrison", version, files, needs=f"Requires-Python: >=3.11\n{needs}")


def _dependencies() -> list[str]:
    text = (REPOSITORY / "pyproject.toml").read_text()
    lines = text.partition("\ndependencies = [\n")[2].partition("\n]")[0].splitlines()
    return [line.strip().strip(",").strip('"') for line in lines]
