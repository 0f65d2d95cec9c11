"""A copy of the checkout with an environment of its own, to change and to run."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

_LEFT_OUT = (".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis")


class Checkout:
    """A copy in a temporary folder. It borrows the packages that are installed here."""

    def __init__(self, source: Path, target: Path) -> None:
        self.root = target
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
        self._environment()

    def _environment(self) -> None:
        venv = self.root / ".venv"
        subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
        site = next((venv / "lib").glob("python*")) / "site-packages"
        # A folder named in a .pth file is searched, but .pth files in it are not followed: so not this checkout's own.
        (site / "copy.pth").write_text(f"{self.root / 'src'}\n{sysconfig.get_path('purelib')}\n")
        self.python = venv / "bin" / "python"

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a Python program there and return what it printed."""
        done = subprocess.run(
            [str(self.python), *arguments], cwd=self.root, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said
