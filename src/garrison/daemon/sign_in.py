"""Starting at sign-in, for whoever wants it: an XDG autostart entry (Desktop Application Autostart Specification)."""

import os
from pathlib import Path

from garrison.base.errors import Unavailable
from garrison.base.files import explain, write_atomically

_NAME, _TRAY = "garrison.desktop", "garrison-sign-in-tray.desktop"
_QUOTED = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "`": "\\\\`", "$": "\\\\$", "%": "%%"})


def _file(name: str = _NAME) -> Path:
    config = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    return base / "autostart" / name


def is_on() -> bool:
    """Return whether Garrison starts at sign-in."""
    return _file().exists()


def switch(on: bool) -> Path:
    """Make or remove the entry, and that of the tray, which a suite that runs already starts in no later session.

    Return the path of the first. Raises Unavailable when nobody knows how Garrison is started.
    """
    path = _file()
    if not on:
        _remove(path)
        _remove(_file(_TRAY))
        return path
    launcher = os.environ.get("GARRISON_LAUNCHER", "")
    if not launcher:
        raise Unavailable("It is not known how Garrison is started here.", "Use ./garrison of your copy.")
    # Quoting as the Desktop Entry Specification wants it: inside double quotes, four characters escaped, twice over.
    command = f'"{launcher.translate(_QUOTED)}"'
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise explain(error, "make {path}", path=path.parent) from error
    write_atomically(path, _entry(f"{command} start --no-scan"), mode=0o644)
    write_atomically(_file(_TRAY), _entry(f"{command} tray"), mode=0o644)
    return path


def _entry(command: str) -> bytes:
    lines = ["[Desktop Entry]", "Type=Application", "Name=Garrison", f"Exec={command}", "NoDisplay=true", ""]
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise explain(error, "remove {path}", path=path) from error
