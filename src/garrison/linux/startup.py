"""What starts by itself: the files that say so, and the programs that they start.

Sources: systemd.unit(5), systemd.service(5), crontab(5), the Desktop Application Autostart Specification, pam.conf(5),
udev(7), ld.so(8), modules-load.d(5), initramfs-tools(7), dracut.modules(7).
"""

import os
import re
import shlex
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_MOST_BYTES = 256 * 1024  # of one file; what says more is scanned whole all the same
_MOST_FILES = 5000  # of one kind
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_SEARCHED = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
_EXEC = re.compile(r"^\s*Exec(?:Start|StartPre|StartPost|Condition|Stop|StopPost|Reload)\s*=\s*[-@:+!|]*(.+)$")
_DESKTOP = re.compile(r"^\s*(?:Exec|TryExec)\s*=\s*(.+)$")
_UDEV = re.compile(r'(?:RUN(?:\{program\})?\s*\+?=|PROGRAM\s*={1,2}|IMPORT\{program\}\s*={1,2})\s*"([^"]+)"')
_CRON_TIME = re.compile(r"^\s*(?:@\w+|(?:[^\s#=]+\s+){4}[^\s#=]+)\s+(.+)$")
_PAM = re.compile(r"^\s*-?(?:auth|account|password|session)\s+(?:\[[^]]*\]|\S+)\s+(\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class StartupObject:
    """A file that starts something by itself. what: what it is, in words. starts: the programs that it names."""

    path: str
    what: str
    starts: tuple[str, ...] = ()


Finder = Callable[[str], Iterator[str]]  # what a file's text names; these may be names without folders


def _by_line(pattern: re.Pattern[str]) -> Finder:
    def find(text: str) -> Iterator[str]:
        for line in text.replace("\\\n", " ").splitlines():
            for match in pattern.finditer(line):
                yield _program(match[1])

    return find


def _cron(text: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _CRON_TIME.match(line)
        if match and not line.lstrip().startswith("#"):
            yield from (word for word in _words(match[1]) if word.startswith("/"))


def _every_word(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield from (word for word in line.partition("#")[0].replace(":", " ").split() if word.startswith("/"))


def _pam(text: str) -> Iterator[str]:
    for line in text.splitlines():
        match = _PAM.match(line)
        if match and match[1].endswith(".so"):
            yield match[1]


def _nothing(_: str) -> Iterator[str]:
    return iter(())


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # an open quote
        return command.split()


def _program(command: str) -> str:
    """Return the program of a command; of a shell with -c, the first program in its command."""
    words = _words(command)
    if len(words) > 2 and os.path.basename(words[0]) in {"sh", "bash", "dash"} and words[1] in {"-c", "-lc"}:
        words = _words(words[2])
    return words[0] if words else ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of startup object: where it lies, and how to read it. depth: of folders below the given ones."""

    what: str
    places: tuple[str, ...]
    find: Finder = _nothing
    depth: int = 1


_UNITS = _by_line(_EXEC)
_SYSTEM = (
    _Kind("preloads a library into every program", ("/etc/ld.so.preload",), _every_word),
    _Kind("a table of cron", ("/etc/crontab", "/etc/cron.d", "/var/spool/cron"), _cron, 2),
    _Kind("a job of at", ("/var/spool/cron/atjobs", "/var/spool/at"), _every_word),
    _Kind(
        "a script of cron",
        tuple(f"/etc/cron.{each}" for each in ("hourly", "daily", "weekly", "monthly", "yearly")),
        _nothing,
    ),
    _Kind(
        "a systemd unit",
        ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system"),
        _UNITS,
        2,
    ),
    _Kind("a systemd unit for every user", ("/etc/systemd/user", "/run/systemd/user"), _UNITS, 2),
    _Kind("a systemd generator", tuple(f"{each}/systemd/system-generators" for each in ("/etc", "/usr/local/lib"))),
    _Kind("starts at sign-in to a desktop (XDG autostart)", ("/etc/xdg/autostart",), _by_line(_DESKTOP)),
    _Kind(
        "is read by every shell",
        ("/etc/profile", "/etc/profile.d", "/etc/bash.bashrc", "/etc/zsh", "/etc/zshenv", "/etc/environment"),
    ),
    _Kind("a script of the boot", ("/etc/init.d", "/etc/rc.local", "/etc/inittab")),
    _Kind("loads a module of the kernel", ("/etc/modules", "/etc/modules-load.d", "/etc/modprobe.d")),
    _Kind("a rule of PAM (sign-in)", ("/etc/pam.d", "/etc/pam.conf"), _pam),
    _Kind("a rule of udev (devices)", ("/etc/udev/rules.d", "/run/udev/rules.d"), _by_line(_UDEV)),
    _Kind("a hook of the initramfs", ("/etc/initramfs-tools", "/etc/dracut.conf.d"), _nothing, 3),
    _Kind("makes the boot menu", ("/etc/grub.d", "/etc/default/grub", "/etc/default/grub.d")),
    # What comes with packages, last: it is most, and it is the least telling.
    _Kind("a systemd unit", ("/usr/lib/systemd/system", "/lib/systemd/system"), _UNITS, 2),
    _Kind("a systemd unit for every user", ("/usr/lib/systemd/user",), _UNITS, 2),
    _Kind("a systemd generator", ("/usr/lib/systemd/system-generators",)),
    _Kind("a rule of udev (devices)", ("/usr/lib/udev/rules.d", "/lib/udev/rules.d"), _by_line(_UDEV)),
    _Kind("a hook of the initramfs", ("/usr/share/initramfs-tools", "/usr/lib/dracut/modules.d"), _nothing, 3),
    _Kind("loads a module of the kernel", ("/usr/lib/modules-load.d",)),
)
_OWN = (
    _Kind("starts at sign-in to a desktop (XDG autostart)", (".config/autostart",), _by_line(_DESKTOP)),
    _Kind("a systemd unit of this account", (".config/systemd/user", ".local/share/systemd/user"), _UNITS, 2),
    _Kind("runs at sign-in to Plasma", (".config/plasma-workspace/env", ".config/autostart-scripts")),
    _Kind(
        "is read by this account's shell",
        (
            ".bashrc", ".bash_profile", ".bash_login", ".bash_logout", ".profile", ".zshrc", ".zshenv", ".zprofile",
            ".zlogin", ".xprofile", ".xsessionrc", ".xinitrc", ".config/fish/config.fish", ".config/fish/conf.d",
            ".ssh/rc", ".pam_environment", ".config/environment.d",
        ),
    ),
)  # fmt: skip


def startup_objects(home: Path, root: Path = Path("/")) -> Iterator[StartupObject]:
    """Yield what starts by itself for an account and for the computer, the most telling first.

    To be called with the rights of the account. Only what is there and may be read is told; of a file that may not be
    read, at least that it is there.
    """
    seen: set[str] = set()
    for base, kinds in ((home, _OWN), (root, _SYSTEM)):
        for kind in kinds:
            for place in kind.places:
                for path in _files(base / place.lstrip("/"), kind.depth):
                    real = os.path.realpath(path)
                    if real not in seen:
                        seen.add(real)
                        yield StartupObject(path, kind.what, _started(path, kind.find, root))


def _files(place: Path, depth: int) -> list[str]:
    """Return the files at and below a place, in order; links count, for units are switched on by them."""
    found: list[str] = []
    waiting = [(str(place), depth)]
    while waiting and len(found) < _MOST_FILES:
        path, left = waiting.pop()
        try:
            mode = os.stat(path).st_mode
            if stat.S_ISREG(mode):
                found.append(path)
            elif stat.S_ISDIR(mode) and left:
                names = sorted(os.listdir(path), reverse=True)
                waiting += [(os.path.join(path, name), left - 1) for name in names]
        except OSError:
            continue
    return found


def _started(path: str, find: Finder, root: Path) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in find(_read(path)):
        resolved = _resolve(name, root)
        if resolved:
            found[resolved] = None
    return tuple(found)


def _resolve(name: str, root: Path) -> str:
    """Return where a program or module lies that a file names, "" when it is not there."""
    folders = _pam_folders(root) if name.endswith(".so") else tuple(str(root / each[1:]) for each in _SEARCHED)
    given = [str(root / name.lstrip("/"))] if name.startswith("/") else [os.path.join(each, name) for each in folders]
    return next((path for path in given if name and os.path.isfile(path)), "")


def _pam_folders(root: Path) -> tuple[str, ...]:
    machine = os.uname().machine
    places = (f"lib/{machine}-linux-gnu/security", "lib64/security", "lib/security", "usr/lib/security")
    return tuple(str(root / place) for place in places)


def _read(path: str) -> str:
    """Return the beginning of a file, "" of what is none or may not be read."""
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return ""
    try:
        content = os.read(descriptor, _MOST_BYTES) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
    except OSError:
        content = b""
    finally:
        os.close(descriptor)
    return content.decode("utf-8", "surrogateescape").replace("\x00", "")
