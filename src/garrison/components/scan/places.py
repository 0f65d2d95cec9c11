"""What matters most on a person's computer: documents, downloads, desktop, and what starts by itself."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

_USER_DIRS = ("XDG_DOWNLOAD_DIR", "XDG_DESKTOP_DIR", "XDG_DOCUMENTS_DIR")
_FALLBACKS = ("Downloads", "Desktop", "Documents")
_LINE = re.compile(r'^\s*(XDG_\w+_DIR)\s*=\s*"(\$HOME)?(/[^"]*|)"\s*$')
_AUTOSTART = (
    ".config/autostart",
    ".config/systemd/user",
    ".local/share/systemd/user",
    ".config/plasma-workspace/env",
    ".local/bin",
    "bin",
    ".bashrc",
    ".bash_profile",
    ".bash_login",
    ".bash_logout",
    ".profile",
    ".zshrc",
    ".zprofile",
    ".zlogin",
    ".xprofile",
    ".xsessionrc",
    ".xinitrc",
    ".config/fish/config.fish",
    ".ssh/rc",
)
_OPEN = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_MOST_BYTES = 64 * 1024  # of a file that has a dozen lines
_SYSTEM_AUTOSTART = (
    "/etc/xdg/autostart",
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/crontab",
    "/etc/init.d",
    "/etc/profile",
    "/etc/profile.d",
    "/etc/rc.local",
    "/etc/ld.so.preload",
    "/etc/systemd/system",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/var/spool/cron",
)


def user_folders(home: Path) -> list[Path]:
    """Return the downloads, desktop and documents folders of an account, in this order.

    Their names are in ~/.config/user-dirs.dirs, in the account's own language (xdg-user-dirs).
    """
    named: dict[str, Path] = {}
    for line in _read(home / ".config" / "user-dirs.dirs").splitlines():
        match = _LINE.match(line)
        if match:
            name, in_home, path = match.groups()
            named[name] = home / path.lstrip("/") if in_home else Path(path)
    return [named.get(name, home / fallback) for name, fallback in zip(_USER_DIRS, _FALLBACKS, strict=True)]


def _read(path: Path) -> str:
    """Return the beginning of a small file; nothing of what is no file, or not to be read."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return ""
    try:
        content = os.read(descriptor, _MOST_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return content.decode("utf-8", "surrogateescape")


def quick_places(home: Path, exists: Callable[[str], bool] = os.path.lexists) -> list[str]:
    """Return the paths that a quick scan looks at, the most telling first; only such as exist.

    To be called with the rights of the account whose home it is, and no others.
    """
    starts = [str(home / name) for name in _AUTOSTART] + list(_SYSTEM_AUTOSTART)
    # A folder setting that points to the whole home (xdg-user-dirs does so for a folder that was removed) is no folder.
    folders = [str(folder) for folder in user_folders(home) if folder != home]
    wanted = [*starts[: len(_AUTOSTART)], *folders, *starts[len(_AUTOSTART) :]]
    return [path for path in dict.fromkeys(wanted) if exists(path)]
