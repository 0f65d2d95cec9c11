"""The mirror: a copy of what a publisher serves, in HOME/mirror/public, for the other computers of an office.

It is the publisher's own repository, byte for byte, so whoever takes it from here trusts this computer no more than any
server: `metadata` with what was signed, `targets` with what that names. A file is put there when it is whole, and the
timestamp, which leads to all the others, last. What was listed until now stays for those who are taking it, and goes
with the next look.
"""

import asyncio
import contextlib
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from garrison.abilities.databases.compiler import do
from garrison.abilities.fetching import Fetcher
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain, sync_folder, write_atomically
from garrison.base.paths import Home
from garrison.base.text import size

COMPONENT: Final = "updates"
PURPOSE: Final = "databases"
_VERSION = 1
_VERIFYING = "garrison.abilities.databases.verifying"
_BATCH = 100  # targets that are fetched at once: an interrupted round keeps those before
_ROUNDS = 3  # something newer may be published meanwhile
_ROOM_BYTES = 256 * 1024 * 1024  # that are left on the disk
_MOST_TARGETS = 20_000
_MOST_METADATA_BYTES = 4 * 1024 * 1024
_FOLDER_MODE, _FILE_MODE = 0o755, 0o644
_TARGET = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._+-]{0,127}/){0,6}[A-Za-z0-9][A-Za-z0-9._+-]{0,127}")
_DIGEST = re.compile(r"[0-9a-f]{64}|[0-9a-f]{128}")
_ALGORITHMS = {64: "sha256", 128: "sha512"}

Tell = Callable[[int, int | None], None]
_Seen = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What is served. version: of the list of targets. files, bytes: of targets. transferred: what came for it now."""

    version: int
    files: int
    bytes: int
    transferred: int = 0


@dataclass(frozen=True, slots=True)
class _Target:
    """A file that is named by a list. place: where it lies under `targets`, as TUF's consistent snapshots have it."""

    bytes: int
    digest: str
    place: str


@dataclass(frozen=True, slots=True)
class _Signed:
    """What was signed. metadata: by name as it is served, the timestamp not among them. targets: by name."""

    version: int
    metadata: Mapping[str, bytes]
    timestamp: bytes
    targets: Mapping[str, _Target]

    def files(self) -> set[str]:
        """Return all that is served, by its path under the served folder."""
        return {
            "metadata/timestamp.json",
            *(f"metadata/{name}" for name in self.metadata),
            *(f"targets/{target.place}" for target in self.targets.values()),
        }


class Mirror:
    """The mirror; one at a time works on it. trust: the folder with what is known of the publisher."""

    def __init__(self, home: Home, fetcher: Fetcher, trust: Path) -> None:
        self._folder = home.folder("mirror", _VERSION)
        self._fetcher = fetcher
        self._trust = trust
        self._seen: dict[str, _Seen] = {}  # files whose content was looked at since the start
        self.public = self._folder / "public"

    def prepare(self) -> None:
        """Make the served folder, which whoever gets it open may read. Raises what `explain` makes of an OSError."""
        try:
            for folder in (self.public, self.public / "metadata", self.public / "targets"):
                _make_folder(folder)
        except OSError as error:
            raise explain(error, "make the folder {path}", path=self.public) from error

    def served(self) -> Mirrored | None:
        """Return what is served, None while nothing is."""
        signed = self._listed()
        if signed is None:
            return None
        return _mirrored(signed, 0)

    def is_current(self) -> bool:
        """Return whether what is served is the last that is known of the publisher."""
        with contextlib.suppress(OSError):
            return _read(self.public / "metadata" / "timestamp.json") == _read(self._known("timestamp.json"))
        return False

    async def follow(self, sources: Sequence[str], *, by_hand: bool, tell: Tell | None = None) -> Mirrored:
        """Serve what is known of the publisher by now; fetch for it what is not there yet. tell: bytes, and of all.

        Raises what `Fetcher.trusted` does, Failed, and Unavailable without room: what was served then still is.
        """
        self.prepare()
        before = await asyncio.to_thread(self._listed)
        transferred = 0
        for _ in range(_ROUNDS):
            signed = await asyncio.to_thread(self._signed)
            missing = await asyncio.to_thread(self._missing, signed)
            if not missing:
                await asyncio.to_thread(self._serve, signed, before)
                return _mirrored(signed, transferred)
            self._check_room(signed, missing)
            for at in range(0, len(missing), _BATCH):
                transferred += await self._bring(sources, missing[at : at + _BATCH], by_hand, tell)
        raise Failed("The publisher lists files that it does not have, so the mirror stays as it is.")

    def remove(self) -> None:
        """Serve nothing any more, and free the disk."""
        shutil.rmtree(self.public, ignore_errors=True)
        self._seen.clear()

    def _known(self, name: str) -> Path:
        return self._trust / "metadata" / name

    def _signed(self) -> _Signed:
        """Return what is known of the publisher. Raises Failed when it is not whole."""
        try:
            roots = {path.name: _read(path) for path in self._known("root_history").glob("*.root.json")}
            parts = [_read(self._known(f"{role}.json")) for role in ("timestamp", "snapshot", "targets")]
            return _understood(roots, *parts)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise Failed("What is known of the publisher is not whole, so the mirror stays as it is.") from error

    def _listed(self) -> _Signed | None:
        """Return what is served now, as its own metadata tells, None when there is nothing whole."""
        folder = self.public / "metadata"
        try:
            timestamp = _read(folder / "timestamp.json")
            number = json.loads(timestamp)["signed"]["meta"]["snapshot.json"]["version"]
            snapshot = _read(folder / f"{int(number)}.snapshot.json")
            number = json.loads(snapshot)["signed"]["meta"]["targets.json"]["version"]
            roots = {path.name: _read(path) for path in folder.glob("*root.json")}
            return _understood(roots, timestamp, snapshot, _read(folder / f"{int(number)}.targets.json"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None

    def _place(self, target: _Target) -> Path:
        return self.public / "targets" / target.place

    def _missing(self, signed: _Signed) -> list[str]:
        """Return the targets that are not here; what is damaged goes, what is here under another name is linked."""
        here = {path.name.partition(".")[0]: path for path in (self.public / "targets").rglob("*") if path.is_file()}
        missing = []
        for name, target in signed.targets.items():
            place = self._place(target)
            if self._is_whole(place, target):
                continue
            same = here.get(target.digest)
            if same is None or same == place or not self._is_whole(same, target) or not self._linked(same, place):
                missing.append(name)
        return missing

    def _is_whole(self, place: Path, target: _Target) -> bool:
        """Return whether a file is what was signed; one that is not is removed. It is read once in this process."""
        try:
            about = place.lstat()
            seen = (about.st_ino, about.st_size, about.st_mtime_ns)
            if self._seen.get(target.place) == seen:
                return True
            with place.open("rb") as file:
                digest = hashlib.file_digest(file, _ALGORITHMS[len(target.digest)]).hexdigest()
            if about.st_size == target.bytes and digest == target.digest:
                self._seen[target.place] = seen
                return True
            place.unlink()
        except OSError:
            pass  # then it is not there
        return False

    def _check_room(self, signed: _Signed, missing: Sequence[str]) -> None:
        wanted = sum(signed.targets[name].bytes for name in missing) + _ROOM_BYTES
        free = shutil.disk_usage(self._folder).free
        if wanted > free:
            raise Unavailable(
                "There is no room for the mirror: {wanted} more are needed.",
                "Make room on the disk of {folder}, or switch the mirror off: updates.mirror_port 0",
                wanted=size(wanted - free),
                folder=self._folder,
            )

    async def _bring(self, sources: Sequence[str], names: Sequence[str], by_hand: bool, tell: Tell | None) -> int:
        """Fetch some targets and put them in their places; return how many bytes came."""
        with self._fetcher.spool() as spool:
            trusted = await self._fetcher.trusted(
                sources,
                self._trust,
                names,
                spool,
                component=COMPONENT,
                purpose=PURPOSE,
                progress=tell,
                by_hand=by_hand,
            )
            targets = {name: str(path) for name, path in trusted.targets.items()}
            await do({"trust": str(self._trust), "targets": targets}, _VERIFYING)
            signed = await asyncio.to_thread(self._signed)  # fetching may have brought a newer list
            for name, path in trusted.targets.items():
                if name in signed.targets:
                    await asyncio.to_thread(self._put, path, self._place(signed.targets[name]))
        return trusted.transferred

    def _put(self, path: Path, place: Path) -> None:
        try:
            self._make_way(place)
            path.chmod(_FILE_MODE)
            _sync(path)
            os.replace(path, place)
        except OSError as error:
            raise explain(error, "write {path}", path=place) from error

    def _linked(self, same: Path, place: Path) -> bool:
        """Give a file that is here a second name; return whether that was possible."""
        try:
            self._make_way(place)
            os.link(same, place)
        except OSError:
            return False
        return True

    def _make_way(self, place: Path) -> None:
        """Make the folders that lead to a file; each is there for whoever serves it."""
        for folder in reversed([each for each in place.parents if self.public in each.parents]):
            _make_folder(folder)

    def _serve(self, signed: _Signed, before: _Signed | None) -> None:
        """Put what was signed in place, the timestamp last, and remove what neither it nor that before names."""
        folder = self.public / "metadata"
        try:
            for name, content in signed.metadata.items():
                self._write(folder / name, content)
            for path in (self.public / "targets").rglob("*"):
                if path.is_dir():
                    sync_folder(path)
            self._write(folder / "timestamp.json", signed.timestamp)
        except OSError as error:
            raise explain(error, "write {path}", path=folder) from error
        self._clear(signed.files() | (before.files() if before is not None else set()))

    def _write(self, path: Path, content: bytes) -> None:
        """Replace a file that is served, so that nobody sees it without its rights."""
        with contextlib.suppress(OSError):
            if _read(path) == content and path.stat().st_mode & 0o777 == _FILE_MODE:
                return
        fresh = self._folder / "fresh"
        write_atomically(fresh, content)
        fresh.chmod(_FILE_MODE)
        os.replace(fresh, path)
        sync_folder(path.parent)

    def _clear(self, kept: set[str]) -> None:
        with contextlib.suppress(OSError):  # what is left does no harm
            for path in sorted(self.public.rglob("*"), reverse=True):
                name = str(path.relative_to(self.public))
                if path.is_dir() and not path.is_symlink():
                    if name not in {"metadata", "targets"}:
                        with contextlib.suppress(OSError):
                            path.rmdir()  # only when it is empty
                elif name not in kept:
                    path.unlink()
        places = {name.removeprefix("targets/") for name in kept}
        self._seen = {place: seen for place, seen in self._seen.items() if place in places}


def _mirrored(signed: _Signed, transferred: int) -> Mirrored:
    total = sum(target.bytes for target in signed.targets.values())
    return Mirrored(signed.version, len(signed.targets), total, transferred)


def _understood(roots: Mapping[str, bytes], timestamp: bytes, snapshot: bytes, targets: bytes) -> _Signed:
    """Return what was signed, once all its parts belong together. Raises ValueError, KeyError, TypeError."""
    told = _matching(json.loads(timestamp)["signed"]["meta"]["snapshot.json"], snapshot)
    listed = _matching(json.loads(snapshot)["signed"]["meta"]["targets.json"], targets)
    plain = json.loads(targets)["signed"]["targets"]
    if not roots or len(plain) > _MOST_TARGETS:
        raise ValueError("no root, or too many targets")
    newest = max((name for name in roots if name[0].isdigit()), key=lambda name: int(name.partition(".")[0]))
    metadata = {
        **roots,
        "root.json": roots[newest],
        f"{listed}.targets.json": targets,
        f"{told}.snapshot.json": snapshot,
    }
    return _Signed(listed, metadata, timestamp, {name: _target(name, about) for name, about in plain.items()})


def _matching(told: Mapping[str, Any], content: bytes) -> int:
    """Return the version of a part that another part tells of. Raises ValueError when it is another."""
    version = json.loads(content)["signed"]["version"]
    digest = told.get("hashes", {}).get("sha256")
    if type(version) is not int or version != told["version"]:
        raise ValueError("parts of different publications")
    if digest is not None and digest != hashlib.sha256(content).hexdigest():
        raise ValueError("parts of different publications")
    return version


def _target(name: str, about: Mapping[str, Any]) -> _Target:
    digest = next(iter(about["hashes"].values()))  # the first, as whoever takes it asks for it
    if not _TARGET.fullmatch(name) or not _DIGEST.fullmatch(digest) or type(about["length"]) is not int:
        raise ValueError("no such target")
    folder, slash, last = name.rpartition("/")
    return _Target(about["length"], digest, f"{folder}{slash}{digest}.{last}")


def _read(path: Path) -> bytes:
    """Return a file of metadata. Raises OSError, and ValueError when it is too large to be one."""
    with path.open("rb") as file:
        content = file.read(_MOST_METADATA_BYTES + 1)
    if len(content) > _MOST_METADATA_BYTES:
        raise ValueError("it is too large")
    return content


def _make_folder(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_mode & 0o777 != _FOLDER_MODE:
        folder.chmod(_FOLDER_MODE)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
