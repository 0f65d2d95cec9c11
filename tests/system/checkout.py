"""A small checkout with the real entry scripts, whose set-up takes half a second and needs no network."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent.parent
NOBODY = 65534
# What the scripts may expect of a system; no Python among it.
TOOLS = [
    "cat",
    "cksum",
    "cp",
    "cut",
    "env",
    "getent",
    "id",
    "mkdir",
    "mv",
    "readlink",
    "rm",
    "sed",
    "sh",
    "sleep",
    "stat",
    "tail",
]
# The product's place is taken by a program that tells how it was started.
_TELLS = """
import json, os, sys
print(json.dumps({"argv": sys.argv[1:], "prefix": sys.prefix, "path": sys.path, "launcher":
    os.environ.get("GARRISON_LAUNCHER"), "stdin": sys.stdin.read(), "dont": sys.flags.ignore_environment,
    "pycache": sys.pycache_prefix, "python": {n: v for n, v in os.environ.items() if n.startswith("PYTHON")},
    "descriptors": sorted(os.listdir("/proc/self/fd")), "umask": os.umask(0)}))
"""
_SOURCES = {
    "src/garrison/__init__.py": "",
    "src/garrison/cli/__init__.py": "",
    "src/garrison/cli/main.py": "import tiny\n",
    "src/garrison/cli/__main__.py": "import garrison.cli.main" + _TELLS,
    "src/garrison/daemon/__init__.py": "",
    "src/garrison/daemon/boot.py": "",
    "tools/__init__.py": "",
    "tools/__main__.py": "import garrison, tiny" + _TELLS,
}


def wheel(folder: Path, version: str = "1") -> str:
    """Make a tiny package; return the line of a lock that asks for it."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tiny-{version}-py3-none-any.whl"
    about = f"tiny-{version}.dist-info"
    content = {
        "tiny.py": "def main():\n    print('tiny')\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    record = "".join(f"{name},{_hash(text)},{len(text)}\n" for name, text in content.items())
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
        archive.writestr(f"{about}/RECORD", f"{record}{about}/RECORD,,\n")
    return f"tiny=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


class Checkout:
    """The scripts in a folder, and the surroundings they are run in."""

    def __init__(self, folder: Path, name: str = "checkout") -> None:
        self.folder = folder
        self.root = folder / name
        self.wheels = folder / "wheels"
        self.home = folder / "home"
        self.path = folder / "bin"
        self._make()
        self.environment = {
            "PATH": str(self.path),
            "HOME": str(self.home),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": "/dev/null",
        }

    def _make(self) -> None:
        for name, text in _SOURCES.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (self.root / "packaging").mkdir()
        for name in ("garrison", "dev", "packaging/bootstrap.sh"):
            shutil.copy(REPOSITORY / name, self.root / name)
        for path in (REPOSITORY / "packaging").glob("pip-*.whl"):
            shutil.copy(path, self.root / "packaging")
        self.lock(wheel(self.wheels))
        self.home.mkdir()
        self.path.mkdir()
        for tool in TOOLS:
            (self.path / tool).symlink_to(shutil.which(tool) or "/nowhere")
        (self.path / "python3").symlink_to(_python_for_all())

    def lock(self, text: str) -> None:
        """Say which packages are wanted."""
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.root / name).write_text(text)

    def give_to(self, uid: int, *paths: Path) -> None:
        """Let everything (or the given trees) belong to an account."""
        for top in paths or (self.folder,):
            os.chown(top, uid, uid)
            for folder, folders, files in os.walk(top):
                for name in (*folders, *files):
                    os.chown(os.path.join(folder, name), uid, uid, follow_symlinks=False)

    def start(
        self, *arguments: str, script: str | Path = "garrison", shell: tuple[str, ...] = (), **options: Any
    ) -> subprocess.Popen[bytes]:
        """Start a script."""
        program = script if isinstance(script, Path) else self.root / script
        environment = self.environment | options.pop("environment", {})
        return subprocess.Popen(
            [*shell, str(program), *arguments],
            env={name: value for name, value in environment.items() if value is not None},
            **{
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "cwd": "/",
                **options,
            },
        )

    def run(self, *arguments: str, **options: Any) -> "Outcome":
        """Run a script."""
        given = options.pop("input", None)
        if given is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        out, errors = process.communicate(given, timeout=100)
        return Outcome(process.returncode, out.decode(), errors.decode(errors="backslashreplace"))

    def set_up(self, **options: Any) -> None:
        """Run a script so that everything is set up."""
        outcome = self.run(**options)
        assert outcome.code == 0, outcome.errors

    @property
    def venv(self) -> Path:
        """The environment in the checkout."""
        return self.root / ".venv"

    def leftovers(self) -> list[str]:
        """Return what set-ups left behind beside the environment."""
        return sorted(path.name for path in self.root.glob(".venv.*"))


def _python_for_all() -> str:
    """Return the system's Python where it will do (every account may run that one), else the one that runs this."""
    system, enough = "/usr/bin/python3", "import sys, venv, ssl; sys.exit(sys.version_info < (3, 11))"
    if Path(system).exists() and subprocess.run([system, "-c", enough], check=False).returncode == 0:
        return system
    return os.path.realpath(sys.executable)


class Outcome:
    """How a script ended."""

    def __init__(self, code: int, out: str, errors: str) -> None:
        self.code = code
        self.out = out
        self.errors = errors

    @property
    def told(self) -> dict[str, Any]:
        """What the program behind the script said of how it was started."""
        assert self.code == 0, self.errors
        told: dict[str, Any] = json.loads(self.out)
        return told
