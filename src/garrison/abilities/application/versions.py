"""The versions of Garrison: takes new ones from a trusted publisher, and has one take the place of this."""

import asyncio
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from garrison import __version__
from garrison.abilities.application import trial
from garrison.abilities.application.installing import install
from garrison.abilities.application.release import MOST_BYTES, TARGET, Release, read_release, written
from garrison.abilities.databases.compiler import do
from garrison.abilities.databases.publications import pin
from garrison.abilities.fetching import Fetcher, Trusted
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, sync_folder, write_atomically
from garrison.base.installed import FOLDER, Installed, Switch, SwitchState, version_key
from garrison.base.paths import Home, own_program

COMPONENT: Final = "upgrades"
PURPOSE: Final = "versions"
_VERSION = 1
_FRESH = ".new-"
_RELEASE = "release.json"
_SWITCHING = "garrison.cli.switching"
_VERIFYING = "garrison.abilities.databases.verifying"
_SWITCHER_SECONDS = 30.0
_UNPACKED = 5  # times what the wheels take, as installed
_ROOM_BYTES = 64 * 1024 * 1024

Tell = Callable[[str, int, int | None], None]  # what is done; bytes so far, and of all


@dataclass(frozen=True, slots=True)
class Prepared:
    """What came of looking for a newer version. version: the newest, installed and tried when is_new.

    failures: by source, why it did not serve. changes: folders of state whose form the new version changes.
    """

    version: str
    is_new: bool
    source: str
    transferred: int
    failures: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()


class Versions:
    """Holds versions side by side. pinned: the root of the publisher of databases, whom its owner trusts."""

    def __init__(self, home: Home, clock: Clock, fetcher: Fetcher, pinned: Path) -> None:
        self.installed = Installed(home)
        self._home = home
        self._clock = clock
        self._fetcher = fetcher
        self._pinned = pinned
        self._folder = home.folder(FOLDER, _VERSION)
        self._wheels = self._folder / "wheels"
        self._trust = self._folder / "trust"
        if not self.installed.is_switching():
            self._sweep()

    def _sweep(self) -> None:
        """Remove what a kill left half made, and versions that nobody returns to."""
        for pattern in (f"{_FRESH}*", f"{trial.PREFIX}*"):
            for left in self._folder.glob(pattern):
                shutil.rmtree(left, ignore_errors=True)
        last = self.installed.last_switch()
        if last is not None and last.state is SwitchState.TRYING:
            return  # what came of it has not been looked at
        kept = {self.installed.linked(), __version__}
        kept |= {last.version, last.before} if last is not None else set()
        for version in set(self.installed.all()) - kept:
            shutil.rmtree(self._folder / version, ignore_errors=True)

    async def prepare(self, sources: Sequence[str], *, by_hand: bool, tell: Tell, refused: str = "") -> Prepared:
        """Take the newest version from the first source that serves, install it, and try it; unless it is refused.

        Raises what `Fetcher.trusted` does, Unavailable when no publisher is trusted or there is no room, and Failed
        with what is wrong with the version: then nothing has changed.
        """
        if not sources:
            raise Unavailable("There is nothing to upgrade from.", "Name a source: garrison upgrade ADDRESS_OR_FOLDER")
        await asyncio.to_thread(self._follow_trust, sources[0])
        release, listed = await self._list(sources, by_hand)
        if version_key(release.version) <= version_key(__version__) or release.version == refused:
            return Prepared(__version__, False, listed.source, listed.transferred, listed.failures)
        self._check_idle()
        _check_fits(release)
        transferred = 0
        if not self._is_installed(release):
            transferred = await self._bring(release, sources, by_hand, tell)
            tell("Installing", 0, None)
            await self._install(release)
        tell("Trying", 0, None)
        python = self.installed.python(release.version)
        try:
            changes = await trial.attempt(python, release.version, self._home.root, self._folder)
        except Failed as error:
            self._note(release.version, changes=(), state=SwitchState.FAILED, why=f"{error.text} {error.hint}".strip())
            raise Failed(
                "Garrison {version} does not work here: {why}",
                "Garrison {running} stays in use.",
                version=release.version,
                why=error.text,
                running=__version__,
            ) from error
        total = listed.transferred + transferred
        return Prepared(release.version, True, listed.source, total, listed.failures, changes)

    def _follow_trust(self, source: str) -> None:
        """Trust whom the databases are taken from; what is known of the versions is kept apart from that."""
        try:
            root = self._pinned.read_bytes()
        except OSError:
            raise Unavailable(
                "No publisher is trusted yet, so nothing was taken.",
                "Trust it first: garrison databases trust {source}",
                source=source,
            ) from None
        mine = self._trust / "root.json"
        if not mine.is_file() or mine.read_bytes() != root:
            pin(self._trust, root)

    async def _list(self, sources: Sequence[str], by_hand: bool) -> tuple[Release, Trusted]:
        with self._fetcher.spool() as spool:
            trusted = await self._trusted(sources, [TARGET], spool, by_hand, None)
            if TARGET not in trusted.targets:
                raise Unavailable("{source} has no version of Garrison yet.", source=trusted.source)
            listed = {name: str(path) for name, path in trusted.targets.items()}
            await do({"trust": str(self._trust), "targets": listed}, _VERIFYING)  # it never had the network
            with trusted.targets[TARGET].open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise Failed("What the publisher says of its version of Garrison is too long.")
        return read_release(content), trusted

    async def _trusted(
        self, sources: Sequence[str], names: Sequence[str], spool: Path, by_hand: bool, tell: Tell | None
    ) -> Trusted:
        return await self._fetcher.trusted(
            sources,
            self._trust,
            names,
            spool,
            component=COMPONENT,
            purpose=PURPOSE,
            progress=None if tell is None else lambda done, total: tell("Fetching", done, total),
            by_hand=by_hand,
        )

    def _is_installed(self, release: Release) -> bool:
        try:
            return (self._folder / release.version / _RELEASE).read_bytes() == written(release)
        except OSError:
            return False

    async def _bring(self, release: Release, sources: Sequence[str], by_hand: bool, tell: Tell) -> int:
        """Fetch the wheels that are not here yet; return how many bytes came."""
        self._check_room(release)
        try:
            self._wheels.mkdir(mode=0o700, exist_ok=True)
            missing = [name for name in release.wheels if not await asyncio.to_thread(self._has, release, name)]
            if not missing:
                return 0
            with self._fetcher.spool() as spool:
                names = [release.target(name) for name in missing]
                trusted = await self._trusted(sources, names, spool, by_hand, tell)
                for name in missing:
                    path = trusted.targets.get(release.target(name))
                    if path is None or not await asyncio.to_thread(_is_file, path, release, name):
                        raise Failed(
                            "{name} is not there, or not what the publisher says.", "Upgrade again later.", name=name
                        )
                    os.replace(path, self._wheels / name)
                return trusted.transferred
        except OSError as error:
            raise explain(error, "write to {path}", path=self._wheels) from error

    def _has(self, release: Release, name: str) -> bool:
        return _is_file(self._wheels / name, release, name)

    def _check_room(self, release: Release) -> None:
        missing = release.bytes * (1 + _UNPACKED) + _ROOM_BYTES - shutil.disk_usage(self._folder).free
        if missing > 0:
            raise Unavailable(
                "There is no room for a new version: {missing} MiB more are needed.",
                "Make room on the disk of {folder}.",
                missing=missing // 1024 // 1024 + 1,
                folder=self._folder,
            )

    async def _install(self, release: Release) -> None:
        """Install side by side: complete in its place, or not at all."""
        try:
            fresh = Path(tempfile.mkdtemp(prefix=_FRESH, dir=self._folder))
        except OSError as error:
            raise explain(error, "make a folder in {path}", path=self._folder) from error
        try:
            await install(release, self._wheels, fresh)
            write_atomically(fresh / _RELEASE, written(release))
            await asyncio.to_thread(self._put_in_place, fresh, release)
        except OSError as error:
            raise explain(error, "install to {path}", path=self._folder) from error
        finally:
            await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)

    def _put_in_place(self, fresh: Path, release: Release) -> None:
        place = self._folder / release.version
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
        sync_folder(self._folder)
        self._forget_wheels(release)

    def _forget_wheels(self, release: Release) -> None:
        for path in self._wheels.iterdir():
            if path.name not in release.wheels:
                with suppress(OSError):
                    path.unlink()

    def _note(self, version: str, changes: tuple[str, ...], state: SwitchState, why: str = "") -> None:
        self.installed.note(
            Switch(
                version=version,
                before=__version__,
                python=sys.executable,
                link=self.installed.linked(),
                at=self._clock.now().isoformat(timespec="seconds"),
                changes=changes,
                state=state,
                why=why,
            )
        )

    async def begin(self, prepared: Prepared) -> None:
        """Have a version that is prepared take the place of this one, by a process that watches over it.

        That process ends this suite. Raises Unavailable when a change is under way, and Failed.
        """
        lock = self.installed.lock()
        if lock is None:
            raise _busy()
        try:  # nobody finds the note without its watcher: the lock goes over to it
            self._note(prepared.version, prepared.changes, SwitchState.TRYING)
            await asyncio.to_thread(self._hand_over, lock)
        except (OSError, subprocess.SubprocessError) as error:
            self._note(prepared.version, (), SwitchState.FAILED, "The change could not be begun.")
            raise Failed("The change to the new version could not be begun.") from error
        finally:
            os.close(lock)

    def _hand_over(self, lock: int) -> None:
        """Start the process that changes the version; what is started here ends once that goes on by itself."""
        command = [*own_program(_SWITCHING), str(self._home.root), str(lock)]
        subprocess.run(
            command, check=True, timeout=_SWITCHER_SECONDS, stdin=subprocess.DEVNULL, cwd="/", pass_fds=(lock,)
        )

    def _check_idle(self) -> None:
        if self.installed.is_switching():
            raise _busy()

    def is_changing(self) -> bool:
        """Return whether a change of version is under way whose outcome is open."""
        last = self.installed.last_switch()
        return last is not None and last.state is SwitchState.TRYING and self.installed.is_switching()

    def settled(self) -> Switch | None:
        """Return the last change of version, None when there was none or it is under way.

        One whose watcher was ended is told as interrupted, or as having worked when the new version is to run. The
        next command brings it to its end, which this suite could not: it may be the one that is to be ended.
        """
        last = self.installed.last_switch()
        if last is None or last.state is not SwitchState.TRYING:
            return last
        if self.installed.is_switching():
            return None
        works = self.installed.linked() == last.version
        state = SwitchState.WORKS if works else SwitchState.INTERRUPTED
        why = "" if works else "The change was interrupted."
        return replace(last, state=state, why=why)


def _busy() -> Unavailable:
    return Unavailable("The version was changed just now, and is being watched.", "Try again in ten minutes.")


def _check_fits(release: Release) -> None:
    """Raise Unavailable when a version cannot be installed here."""
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if release.machine != platform.machine():
        raise Unavailable("The published version is for another kind of processor, {machine}.", machine=release.machine)
    if release.python != here:
        raise Unavailable(
            "Garrison {version} is published for Python {python}; this one runs on Python {here}.",
            version=release.version,
            python=release.python,
            here=here,
        )
    if release.min_previous and version_key(__version__) < version_key(release.min_previous):
        raise Unavailable(
            "Garrison {version} takes over from {min_previous} or later; this is {running}.",
            "Have a version in between published first.",
            version=release.version,
            min_previous=release.min_previous,
            running=__version__,
        )


def _is_file(path: Path, release: Release, name: str) -> bool:
    """Return whether a file is the wheel it should be, byte for byte."""
    wheel = release.wheels[name]
    try:
        with path.open("rb") as file:
            is_size = os.fstat(file.fileno()).st_size == wheel.bytes
            return is_size and hashlib.file_digest(file, "sha256").hexdigest() == wheel.sha256
    except OSError:
        return False
