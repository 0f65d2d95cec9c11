"""./dev golden: the golden manifest, the reference documentation and the man page, made from the code."""

import subprocess
import sys
from pathlib import Path

from garrison import __version__
from garrison.daemon.catalogue import manifests
from garrison.wire import golden
from garrison.wire.manifest import dump
from tools import man, reference

MANIFEST = Path("src/garrison/wire") / golden.NAME
REFERENCE = Path("docs/reference")


def files() -> dict[Path, str]:
    """Return every generated file with the content it should have."""
    described = manifests()
    pages = {REFERENCE / name: text for name, text in reference.pages(described).items()}
    return {MANIFEST: dump(described), REFERENCE / "garrison.1": man.page(described, __version__), **pages}


def stale() -> str:
    """Return which generated files are not what the code says, "" when all are."""
    wanted = files()
    differing = [str(path) for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    extra = [str(path) for path in REFERENCE.glob("*") if path not in wanted]
    lines = [f"{path}: not what the code says; run ./dev golden" for path in differing]
    return "\n".join(lines + [f"{path}: belongs to no component" for path in extra])


def main(_: list[str]) -> int:
    """Write them."""
    wanted = files()
    REFERENCE.mkdir(parents=True, exist_ok=True)
    for path in REFERENCE.glob("*"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.write_text(text, "utf-8")
    return 0


def write_in_fresh_process() -> None:
    """Write them from code that was changed since this process imported it."""
    subprocess.run([sys.executable, "-m", "tools", "golden"], check=True)
