"""Which folders there are to protect, and from where programs start by themselves."""

import contextlib
import os
import pwd
import re
from collections.abc import Iterator
from pathlib import Path

_LEAST_PERSON = 1000  # uids below are the system's (login.defs(5))
_NOBODY = 65534
_KINDS = ("DOCUMENTS", "DESKTOP", "PICTURES")
_LINE = re.compile(r'^XDG_([A-Z]+)_DIR="\$HOME/([^"]+)"$', re.MULTILINE)
_MOST_BYTES = 16 * 1024
_OF_SYSTEM = ("/etc/xdg/autostart", "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly", "/var/spool/cron/crontabs",
              "/etc/systemd/system", "/etc/profile.d", "/etc/init.d")  # fmt: skip
_OF_HOMES = (".config/autostart", ".config/systemd/user", ".config/autostart-scripts")


def homes() -> list[Path]:
    """Return the home folders of people, and root's."""
    people = (each for each in pwd.getpwall() if each.pw_uid == 0 or _LEAST_PERSON <= each.pw_uid < _NOBODY)
    return sorted({Path(each.pw_dir) for each in people if os.path.isdir(each.pw_dir) and each.pw_dir != "/"})


def document_folders(home: Path) -> Iterator[str]:
    """Yield the folders with documents in a home folder, as xdg-user-dirs has them; never one outside of it."""
    named = {"DOCUMENTS": "Documents", "DESKTOP": "Desktop", "PICTURES": "Pictures"}
    with contextlib.suppress(OSError):
        descriptor = os.open(
            home / ".config/user-dirs.dirs", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        )
        try:
            untrusted_text = os.read(descriptor, _MOST_BYTES).decode("utf-8", "replace")
        finally:
            os.close(descriptor)
        named |= {kind: path for kind, path in _LINE.findall(untrusted_text) if kind in _KINDS}
    real_home = os.path.realpath(home)
    for path in dict.fromkeys(named.values()):
        real = os.path.realpath(home / path)
        if os.path.isdir(real) and real.startswith(real_home + "/"):
            yield real


def start_folders() -> tuple[str, ...]:
    """Return the folders from which programs start by themselves, as far as they are there."""
    candidates = [*_OF_SYSTEM, *(str(home / path) for home in homes() for path in _OF_HOMES)]
    return tuple(path for path in candidates if os.path.isdir(path) and os.path.realpath(path) == path)
