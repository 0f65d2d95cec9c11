"""Debian's packages: to which one a file belongs, and what that package has there.

Sources: deb(5), dpkg-query(1), dpkg-deb(1), deb-md5sums(5), apt-get(8). A package file is trusted because
APT has checked it against its signed lists; the content is compared with what dpkg noted when it was installed.
"""

import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_CACHE = Path("/var/cache/apt/archives")
_SECONDS = 120
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}  # nothing of what this was started with
_MOST_BYTES = 400 * 1024 * 1024
_TWINS = ("/bin/", "/sbin/", "/lib", "/usr/bin/", "/usr/sbin/", "/usr/lib")  # one folder, two names (UsrMerge)


@dataclass(frozen=True, slots=True)
class Owner:
    """The package that a file belongs to. path: the file as the package names it. md5: of its content, hexadecimal."""

    name: str
    architecture: str
    version: str
    path: str
    md5: str


def owner_of(path: str) -> Owner | None:
    """Return the package to which a file belongs; None when there is none, or it does not say what the file holds.

    Settings files (conffiles) are nobody's but the owner's: what the package had there once is not what is wanted.
    """
    for name in _names(path):
        found = _query("-S", "--", name)
        if not found:
            continue
        package = found.splitlines()[0].rpartition(": ")[0].split(", ")[0]
        md5 = _md5(package, name)
        said = _query("-W", "-f", "${Package} ${Architecture} ${Version}", package).split(" ")
        if md5 and len(said) == 3:
            return Owner(said[0], said[1], said[2], name, md5)
    return None


def _names(path: str) -> list[str]:
    """Return the names that a package may know a file by."""
    if not path.startswith(_TWINS):
        return [path]
    return [path, path.removeprefix("/usr") if path.startswith("/usr/") else f"/usr{path}"]


def _query(*arguments: str) -> str:
    try:
        asked = subprocess.run(  # no shell
            ["/usr/bin/dpkg-query", *arguments],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=_ENVIRONMENT,
        )
    except (OSError, subprocess.TimeoutExpired, ValueError):
        return ""
    return asked.stdout.decode("utf-8", "surrogateescape") if asked.returncode == 0 else ""


def _md5(package: str, path: str) -> str:
    listing = _query("--control-show", package, "md5sums")
    wanted = path.lstrip("/")
    for line in listing.splitlines():
        md5, _, name = line.partition("  ")
        if name == wanted:
            return md5
    return ""


def from_cache(owner: Owner, cache: Path = _CACHE) -> bytes | None:
    """Return the content of a file from APT's cache, None when it is not there."""
    version = owner.version.replace(":", "%3a")
    return _content(cache / f"{owner.name}_{version}_{owner.architecture}.deb", owner)


def from_archive(owner: Owner) -> bytes | None:
    """Have APT download the package, and return the content of a file in it; None when that does not work."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = f"{owner.name}:{owner.architecture}={owner.version}".replace(":all=", "=")
        try:
            subprocess.run(  # no shell
                ["/usr/bin/apt-get", "download", "-q", wanted],
                cwd=folder,
                capture_output=True,
                timeout=_SECONDS,
                check=True,
                env=_ENVIRONMENT,
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return next((_content(Path(folder, name), owner) for name in os.listdir(folder) if name.endswith(".deb")), None)


def _content(package: Path, owner: Owner) -> bytes | None:
    """Return the content of a file in a package file, when it is what dpkg noted."""
    if not package.is_file():
        return None
    try:
        with subprocess.Popen(  # no shell
            ["/usr/bin/dpkg-deb", "--fsys-tarfile", str(package)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
        ) as opened:
            taken = subprocess.run(  # likewise
                ["/usr/bin/tar", "-x", "-O", "-f", "-", f".{owner.path}"],
                stdin=opened.stdout,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                env=_ENVIRONMENT,
            )
            opened.kill()
    except (OSError, subprocess.TimeoutExpired):
        return None
    content = taken.stdout
    is_it = hashlib.md5(content, usedforsecurity=False).hexdigest() == owner.md5 and len(content) <= _MOST_BYTES
    return content if is_it else None
