"""What desktops look for: a menu entry, the tray, and actions of file managers.

Formats: Desktop Entry Specification 1.5; GNOME's and MATE's scripts (a program in a folder, called with the chosen
files); Nemo's actions (linuxmint/nemo, files/usr/share/nemo/actions/sample.nemo_action); KDE's service menus; Thunar's
custom actions (uca.xml), which is one file that holds the person's own, too.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from garrison.base.errors import Failed
from garrison.base.files import write_atomically

_QUOTED = str.maketrans({"\\": "\\\\\\\\", '"': '\\\\"', "`": "\\\\`", "$": "\\\\$", "%": "%%"})
_MARK = "Made by Garrison"
_SCAN = "Scan with Garrison"
_THUNAR_ID = "garrison-scan-1"
_THUNAR_OWN = re.compile(
    r"[ \t]*<action>(?:(?!</action>).)*" + _THUNAR_ID + r"(?:(?!</action>).)*</action>\n?", re.DOTALL
)
_THUNAR_KINDS = ("directories", "audio-files", "image-files", "other-files", "text-files", "video-files")
_SYSTEM_THUNAR = Path("/etc/xdg/Thunar/uca.xml")
_MOST_BYTES = 1024 * 1024  # of a file of Thunar's actions


@dataclass(frozen=True, slots=True)
class Places:
    """A person's folders for data and settings (XDG Base Directory Specification)."""

    data: Path
    config: Path

    @classmethod
    def of(cls, home: Path, variables: Mapping[str, str]) -> "Places":
        """Return those of a home folder; variables: of the person's environment, as far as it is known."""
        data, config = variables.get("XDG_DATA_HOME", ""), variables.get("XDG_CONFIG_HOME", "")
        return cls(
            Path(data) if data.startswith("/") else home / ".local" / "share",
            Path(config) if config.startswith("/") else home / ".config",
        )


def install(places: Places, launcher: str, icon: Path, *, system: bool = False) -> list[str]:
    """Write all entries; return their paths. Raises OSError, Failed.

    launcher: the program that starts Garrison. system: whether the suite is the whole computer's.
    """
    actions = _thunar(places)
    merged = _with_ours(_read(actions) or _read(_SYSTEM_THUNAR), launcher)  # first: this can fail
    files = [*_files(places, launcher, icon, system=system), (actions, merged, 0o644)]
    for path, text, mode in files:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text.encode("utf-8", "surrogateescape"), mode=mode)
    return [str(path) for path, _, _ in files]


def remove(places: Places) -> list[str]:
    """Remove all entries that are ours; return their paths. Raises OSError, Failed."""
    removed = []
    for path in _ours(places):
        path.unlink()
        removed.append(str(path))
    actions = _thunar(places)
    left = _THUNAR_OWN.sub("", text := _read(actions))
    if left != text:
        write_atomically(actions, left.encode("utf-8", "surrogateescape"), mode=0o644)
        removed.append(str(actions))
    return removed


def installed(places: Places) -> list[str]:
    """Return the paths of the entries that are there. Raises OSError, Failed."""
    actions = _thunar(places)
    return [str(path) for path in _ours(places)] + ([str(actions)] if _THUNAR_OWN.search(_read(actions)) else [])


def _ours(places: Places) -> list[Path]:
    paths = [path for path, _, _ in _files(places, "/", Path("/"))]
    return [path for path in paths if path.is_file() and _MARK in _read(path)]


def _files(places: Places, launcher: str, icon: Path, *, system: bool = False) -> list[tuple[Path, str, int]]:
    """Return each entry's path, content and mode, Thunar's left aside."""
    quoted = launcher.translate(_QUOTED)
    script = f'#!/bin/sh\n# {_MARK}\nexec {_for_shell(launcher)} console scan -- "$@"\n'
    return [
        (places.data / "applications" / "garrison.desktop", _menu(quoted, icon), 0o644),
        (places.data / "nautilus" / "scripts" / _SCAN, script, 0o755),
        (places.config / "caja" / "scripts" / _SCAN, script, 0o755),
        (places.data / "nemo" / "actions" / "garrison-scan.nemo_action", _nemo(quoted, icon), 0o644),
        (places.config / "autostart" / "garrison-tray.desktop", _tray(quoted, system=system), 0o644),
        (places.data / "kio" / "servicemenus" / "garrison-scan.desktop", _dolphin(quoted, icon), 0o755),
    ]


def _for_shell(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _menu(quoted: str, icon: Path) -> str:
    return f"""# {_MARK}
[Desktop Entry]
Type=Application
Name=Garrison
GenericName=Security
Comment=Protects this computer
Exec="{quoted}" console open
Icon={icon}
Terminal=false
Categories=System;Security;
Keywords=virus;malware;scan;security;
StartupNotify=false
"""


def _nemo(quoted: str, icon: Path) -> str:
    return f"""# {_MARK}
[Nemo Action]
Active=true
Name={_SCAN}
Comment=Look for malware in what is chosen
Exec="{quoted}" console scan -- %F
Icon-Name={icon}
Selection=notnone
Extensions=any;
Quote=double
"""


def _tray(quoted: str, *, system: bool) -> str:
    return f"""# {_MARK}
[Desktop Entry]
Type=Application
Name=Garrison
Exec="{quoted}" tray{" --system" if system else ""}
NoDisplay=true
"""


def _dolphin(quoted: str, icon: Path) -> str:
    return f"""# {_MARK}
[Desktop Entry]
Type=Service
MimeType=application/octet-stream;inode/directory;
Actions=scan;

[Desktop Action scan]
Name={_SCAN}
Icon={icon}
Exec="{quoted}" console scan -- %F
"""


def _thunar(places: Places) -> Path:
    return places.config / "Thunar" / "uca.xml"


def _with_ours(text: str, launcher: str) -> str:
    """Return Thunar's actions with ours at the end. Raises Failed when they are no list of actions."""
    text = _THUNAR_OWN.sub("", text) or '<?xml version="1.0" encoding="UTF-8"?>\n<actions>\n</actions>\n'
    head, end, tail = text.rpartition("</actions>")
    if not end:
        raise Failed("Thunar's own actions could not be understood; they were left as they are.")
    command = html.escape(f"{_for_shell(launcher)} console scan -- %F")
    kinds = "".join(f"\t<{kind}/>\n" for kind in _THUNAR_KINDS)
    ours = f"""<action>
\t<icon>security-high</icon>
\t<name>{_SCAN}</name>
\t<unique-id>{_THUNAR_ID}</unique-id>
\t<command>{command}</command>
\t<description>Look for malware in what is chosen</description>
\t<patterns>*</patterns>
{kinds}</action>
"""
    return head + ours + end + tail


def _read(path: Path) -> str:
    """Return a file's text, "" when it is not there. Raises OSError, Failed."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return ""
    if len(raw) > _MOST_BYTES:
        raise Failed("{path} is far too large for what it is.", path=path)
    return raw.decode("utf-8", "surrogateescape")
