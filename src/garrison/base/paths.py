"""Where the suite keeps its state, and how it starts its own programs."""

import os
import pwd
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from garrison.base.errors import Unavailable
from garrison.base.files import explain, sweep, write_atomically

SYSTEM_HOME = Path("/var/lib/garrison")


@dataclass(frozen=True)
class Home:
    """The one folder that holds all state of one suite: settings, journal, databases, quarantine, socket."""

    root: Path

    @property
    def socket(self) -> Path:
        """The door's socket."""
        return self.root / "run" / "door.sock"

    @property
    def lock(self) -> Path:
        """The file that one daemon at a time holds locked; it names the daemon's process."""
        return self.root / "run" / "lock"

    @property
    def log(self) -> Path:
        """What the daemon writes for developers."""
        return self.root / "log" / "daemon.log"

    @property
    def is_system(self) -> bool:
        """Whether this is the whole computer's suite, shared by all its accounts."""
        return self.root == SYSTEM_HOME

    def prepare(self) -> None:
        """Make the folder. Only the system's own is open to look through (for its socket), never its parts.

        Raises Unavailable when it, or one of its parts, is a link, another account's, or may be written by others:
        whoever prepared it so could lead what is written there elsewhere.
        """
        open_mode = 0o755 if self.is_system else 0o700
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(self.root, open_mode)
            for path, mode in ((self.socket.parent, open_mode), (self.log.parent, 0o700)):
                path.mkdir(mode=0o700, exist_ok=True)
                _make_private(path, mode)
        except OSError as error:
            raise explain(error, "make the folder {path}", path=self.root) from error

    def folder(self, name: str, version: int) -> Path:
        """Return the sub-folder of one component or ability, made when missing.

        Its file `version` says which shape of records it holds. Raises Unavailable when a newer Garrison wrote it.
        To be called at boot, before anybody writes there: it clears away what a kill left half-written.
        """
        path = self.root / name
        marker = path / "version"
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_private(path, 0o700)
            sweep(path)
            found = int(marker.read_text("ascii")) if marker.exists() else None
        except ValueError:
            found = None
        except OSError as error:
            raise explain(error, "open the folder {path}", path=path) from error
        if found is None:
            write_atomically(marker, f"{version}\n".encode("ascii"))
        elif found > version:
            raise Unavailable(
                "{path} was written by a newer Garrison.", "Upgrade Garrison; nothing was changed.", path=path
            )
        return path


def _make_private(path: Path, mode: int) -> None:
    """Give a folder of ours its mode. Raises Unavailable when it is no folder of ours, or others may write in it."""
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode):
        raise Unavailable("{path} is a link, where a folder of Garrison's own must be.", "Remove the link.", path=path)
    if found.st_uid != os.geteuid():
        raise Unavailable(
            "{path} belongs to another account.",
            "Set GARRISON_HOME to a folder of your own, or run this as that account.",
            path=path,
        )
    if found.st_mode & 0o022:
        raise Unavailable(
            "Other accounts may write in {path}: what is in there may not be Garrison's.",
            "If nobody else has put anything there: chmod go-w {path}",
            path=path,
        )
    if stat.S_IMODE(found.st_mode) != mode:  # said outright: what mkdir gives depends on the caller's umask
        path.chmod(mode)


def account_home(uid: int | None = None) -> Path:
    """Return the home folder of an account (the caller's by default), from the account database."""
    wanted = os.geteuid() if uid is None else uid
    try:
        return Path(pwd.getpwuid(wanted).pw_dir)
    except KeyError:
        return Path(os.environ.get("HOME") or "/") if uid is None else Path("/")


def choose_home(system: bool = False) -> Home:
    """Return where state is kept: GARRISON_HOME, else the system's place, else the XDG place of the caller."""
    named = os.environ.get("GARRISON_HOME")
    if named:
        return Home(Path(named).absolute())
    if system:
        return Home(SYSTEM_HOME)
    state = os.environ.get("XDG_STATE_HOME", "")
    own = os.environ.get("HOME") or str(account_home())
    folder = Path(state) if state.startswith("/") else Path(own) / ".local" / "state"
    return Home(folder / "garrison")


def own_program(module: str) -> list[str]:
    """Return the command that starts one of our programs by module name, isolated from the caller's Python settings."""
    options = ["-I"]
    if sys.pycache_prefix:
        options += ["-X", f"pycache_prefix={sys.pycache_prefix}"]
    return [sys.executable, *options, "-m", module]
