"""Starting at sign-in, for whoever wants it: an XDG autostart entry (Desktop Application Autostart Specification)."""

import os
from pathlib import Path

from garrison.base.errors import Unavailable
from garrison.base.files import explain, write_atomically

_NAME = "garrison.desktop"
_QUOTED = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "`": "\\\\`", "$": "\\\\$", "%": "%%"})


def _file() -> Path:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    return base / "autostart" / _NAME


def is_on() -> bool:
    """Return whether Garrison starts at sign-in."""
    return _file().exists()


def switch(on: bool) -> Path:
    """Make or remove the entry; return its path. Raises Unavailable when nobody knows how Garrison is started."""
    path = _file()
    if not on:
        _remove(path)
        return path
    launcher = os.environ.get("GARRISON_LAUNCHER", "")
    if not launcher:
        raise Unavailable("It is not known how Garrison is started here.", "Use ./garrison of your copy.")
    # Quoting as the Desktop Entry Specification wants it: inside double quotes, four characters escaped, twice over.
    command = f'"{launcher.translate(_QUOTED)}" start --no-scan'
    lines = ["[Desktop Entry]", "Type=Application", "Name=Garrison", f"Exec={command}", "NoDisplay=true", ""]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, "make {path}", path=path.parent) from error
    write_atomically(path, "\n".join(lines).encode("utf-8", "surrogateescape"), mode=0o644)
    return path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, "remove {path}", path=path) from error
