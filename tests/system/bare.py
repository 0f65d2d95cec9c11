"""A bare Debian to try things on: Python without pip and without git, and nothing of this machine but its network."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent.parent
_SUITE = "bookworm"
# What a machine needs to reach the network as this one does.
_NETWORK = ("etc/resolv.conf", "etc/hosts", "etc/pip.conf", "etc/xdg/pip", "etc/ssl/certs/ca-certificates.crt")
# In name spaces of its own: what is mounted or still runs ends with it.
_INSIDE = """
set -eu
mount -t overlay -o "lowerdir=$BARE,upperdir=$WORK/upper,workdir=$WORK/work" overlay "$WORK/root"
mount -t proc proc "$WORK/root/proc"
mount -t sysfs sysfs "$WORK/root/sys"
mount -t tmpfs -o mode=1777 tmpfs "$WORK/root/tmp"
exec chroot "$WORK/root" /usr/bin/env -i PATH=/usr/bin:/bin sh -eu -c "$1"
"""


def _made() -> Path:
    """Return the bare system: made the first time, kept in the cache."""
    debootstrap = shutil.which("debootstrap") or shutil.which("debootstrap", path="/usr/sbin:/sbin")
    if os.geteuid() != 0:
        pytest.skip("only root can make a bare machine")
    if debootstrap is None:
        pytest.skip("debootstrap is not installed")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "garrison-tests"
    bare, fresh = cache / f"bare-{_SUITE}", cache / f"bare-{_SUITE}.{os.getpid()}"
    if not bare.exists():
        cache.mkdir(parents=True, exist_ok=True)
        packages = "--include=python3,ca-certificates"
        done = subprocess.run(
            [debootstrap, "--variant=minbase", packages, _SUITE, str(fresh)], capture_output=True, check=False
        )
        if done.returncode != 0:
            shutil.rmtree(fresh, ignore_errors=True)
            pytest.skip("debootstrap could not fetch Debian")
        try:
            fresh.rename(bare)
        except OSError:  # another test made it meanwhile
            shutil.rmtree(fresh)
    return bare


class Bare:
    """A machine with a fresh copy of the repository at /repository."""

    def __init__(self, folder: Path) -> None:
        self._environment = {"BARE": str(_made()), "WORK": str(folder), "PATH": os.environ["PATH"]}
        self.changes = folder / "upper"
        for name in ("upper", "work", "root"):
            (folder / name).mkdir()
        for name in _NETWORK:
            source, target = Path("/", name), self.changes / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target)
            elif source.exists():
                shutil.copy(source, target)
        self._copy_repository(self.changes / "repository")
        for path in (self.changes, *self.changes.rglob("*")):
            if path.is_dir():
                path.chmod(0o755)

    @staticmethod
    def _copy_repository(target: Path) -> None:
        for name in ("garrison", "requirements.lock", "packaging", "src"):
            source = REPOSITORY / name
            target.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)

    def run(self, script: str) -> str:
        """Run a script there as root; return all that it said. It fails with its first command that fails."""
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _INSIDE, "sh", script]
        done = subprocess.run(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=250,
        )
        if "check the connection" in done.stdout:
            pytest.skip("no network to fetch packages from")
        assert done.returncode == 0, done.stdout
        return done.stdout
