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
DRIVE_SECONDS = 600.0  # for a quick scan of a drive
_MOST_RISKY_BYTES = 64 * 1024 * 1024
_RISKY = frozenset({
    # What runs, here or on a computer that the drive is plugged into next, and what starts something else.
    "apk", "appimage", "bat", "bin", "bpl", "chm", "cmd", "com", "cpl", "deb", "desktop", "dll", "drv", "efi", "elf",
    "exe", "gadget", "hta", "inf", "ins", "isp", "jar", "jnlp", "job", "js", "jse", "ko", "lnk", "mjs", "msc", "msi",
    "msix", "msp", "mst", "ocx", "php", "pif", "pl", "ps1", "ps1xml", "psd1", "psm1", "py", "pyc", "pyz", "rb", "reg",
    "rpm", "run", "scf", "scr", "sct", "sh", "shb", "shs", "so", "sys", "url", "vb", "vbe", "vbs", "vxd", "ws", "wsc",
    "wsf", "wsh", "xll", "xpi",
    # What holds macros, scripts, or links to what does.
    "accdb", "accde", "doc", "docb", "docm", "docx", "dot", "dotm", "dotx", "eml", "hlp", "hwp", "iqy", "mdb", "mde",
    "mht", "mhtml", "msg", "odg", "odp", "ods", "odt", "one", "onepkg", "otp", "ots", "ott", "pdf", "pot", "potm",
    "potx", "ppa", "ppam", "pps", "ppsm", "ppsx", "ppt", "pptm", "pptx", "pub", "rtf", "sldm", "slk", "svg", "vsd",
    "vsdm", "wll", "wps", "xla", "xlam", "xls", "xlsb", "xlsm", "xlsx", "xlt", "xltm", "xltx", "xlw",
})  # fmt: skip
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


def risky_on(drive: str) -> Callable[[str], bool]:
    """Return what says whether a path on a drive, given by where it is mounted, is looked at by a quick scan.

    Those are folders; all files in the uppermost folder, where autorun.inf and what it starts lie; and elsewhere what
    by its name can run, start something or hold macros. A program of this computer often has a name without an ending:
    it counts when it may be run. Of all these only such as are not too large.
    """

    def is_risky(path: str) -> bool:
        try:
            status = os.lstat(path)
        except OSError:
            return True  # whoever looks at it says what is wrong
        if not stat.S_ISREG(status.st_mode):
            return True
        if status.st_size > _MOST_RISKY_BYTES:
            return False
        folder, name = os.path.split(path)
        _, dot, ending = name.lower().rpartition(".")
        return folder == drive or (ending in _RISKY if dot else bool(status.st_mode & 0o111))

    return is_risky
