"""Quarantine: a file is copied here, hidden, made durable and only then removed from its place.

On disk, for each file: ID.json (the record) and ID.blob (the content, see coding). The order of steps makes a kill at
any point harmless: blob, record "arriving", removal, record "held". What is found half-way at the next start is
finished or undone.
"""

import asyncio
import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from garrison.abilities.quarantine import place
from garrison.abilities.quarantine.coding import hide, pour, show
from garrison.abilities.quarantine.record import Identity, Metadata, Record
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound, Unavailable
from garrison.base.files import explain, read_json, sync_folder, write_json
from garrison.base.paths import Home
from garrison.base.text import printable
from garrison.engine.verdict import Finding
from garrison.linux.acting import Acting

_VERSION = 1
_RESERVE_PERCENT = 20  # of the limit: what only the owner of the computer may fill
_SPARE_BYTES = 64 * 1024 * 1024  # never fill a disk to the brim
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Restored:
    """Where a file was put back, and what of its metadata could not be given back, in words."""

    path: str
    missing: tuple[str, ...]


class Quarantine:
    """The store.

    limit_bytes: what all files in it may take on disk together. share_percent: what an account that is not the
    computer's owner may have of that.
    What concerns people's folders is done in their own threads (`Acting`), and nobody waits for somebody else's.
    """

    def __init__(self, home: Home, clock: Clock) -> None:
        self._folder: Path = home.folder("quarantine", _VERSION)
        self._clock = clock
        self._loaded: dict[str, Record] | None = None
        self._incoming: Counter[int] = Counter()  # bytes by account
        self.limit_bytes = 1024 * 1024 * 1024
        self.share_percent = 25
        self.damaged: list[str] = []

    @property
    def folder(self) -> Path:
        """Where it lies, so that walks leave it out."""
        return self._folder

    @property
    def _records(self) -> dict[str, Record]:
        if self._loaded is None:
            self._loaded = self._load()
        return self._loaded

    def records(self) -> list[Record]:
        """Return what is in quarantine, oldest first."""
        return sorted(self._records.values(), key=lambda record: (record.taken_at, record.id))

    def record(self, number: str, among: Callable[[Record], bool] = lambda _: True) -> Record:
        """Return the record of that id, which may be cut short, of those for whoever asks. Raises NotFound."""
        found = [each for each in self.records() if number and each.id.startswith(number) and among(each)]
        if len(found) == 1:
            return found[0]
        text = "“{number}” fits several files in quarantine." if found else "“{number}” is not in quarantine."
        raise NotFound(text, "garrison quarantine list shows them.", number=number)

    def used_bytes(self) -> int:
        """Return what the files in it take on disk, about."""
        return sum(record.disk_bytes for record in self._records.values())

    def _load(self) -> dict[str, Record]:
        records = {}
        for path in sorted(self._folder.glob("*.json")):
            try:
                record = Record.from_plain(read_json(path))
            except (OSError, ValueError, KeyError, TypeError):
                record = None
            if record is None or record.id != path.stem:
                self.damaged.append(path.name)
                log.warning("%s in quarantine is damaged and is left alone", path.name)
            else:
                records[record.id] = record
        return records

    # -- after a kill --

    async def recover(self) -> None:
        """Finish or undo what a kill cut short. To be called once, before anything else."""
        await asyncio.to_thread(self._recover)

    def _recover(self) -> None:
        for record in self.records():
            try:
                if record.restoring:
                    place.discard_unfinished(record.restoring)
                if record.arriving:
                    self._settle(record)
            except (OSError, GarrisonError) as error:  # such as a folder that is not mounted: the copy is here
                log.warning("%s in quarantine could not be settled: %s", record.id, error)
        self._sweep()

    def _settle(self, record: Record) -> None:
        """Finish a removal that had begun, undo what had not come so far. Raises OSError, GarrisonError."""
        with contextlib.suppress(FileNotFoundError):
            place.finish_removal(record.path, record.identity, record.leftover)
        if place.is_there(record.path, record.identity):
            self._discard(record)
        else:
            self._hold(record)

    def _sweep(self) -> None:
        """Remove copies that never got a record: their files are still in their places."""
        names = [*self._records, *(name.removesuffix(".json") for name in self.damaged)]
        known = {f"{name}.blob" for name in names}
        for path in self._folder.iterdir():
            if (path.suffix == ".blob" and path.name not in known) or path.suffix in {".new", ".scan"}:
                try:
                    path.unlink()
                except OSError as error:
                    log.warning("%s could not be removed: %s", path, error)

    # -- in --

    async def take(  # each says something else of the file
        self, path: str, identity: Identity, finding: Finding, acting: Acting, by: int, sha256: str = ""
    ) -> Record:
        """Take a file out of its place and keep it. by: the account whose scan this is. sha256: what was examined.

        Raises a GarrisonError that says why not; the file is then still in its place.
        """
        with self._room(identity.size, by):
            record = await self._copy(path, identity, finding, acting, by, sha256)
        removal = place.Removal(path, record.identity, record.leftover)
        try:
            await acting.run(removal.run)
        except OSError as error:
            raise explain(error, "take {path} out of its folder", path=path) from error
        finally:  # also when this was cancelled: the removal has ended by now, one way or the other
            record = self._conclude(record, removal)
        return record

    @contextlib.contextmanager
    def _room(self, size: int, account: int) -> Iterator[None]:
        """Keep room for a file that is coming. Raises Failed when there is none."""
        self._check_shares(size, account)
        incoming = self._incoming.total()
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            raise explain(error, "look into quarantine") from error
        if free < incoming + size + _SPARE_BYTES:
            raise Failed("The disk is too full for quarantine; the file was left in its place.", "Free some space.")
        self._incoming[account] += size
        try:
            yield
        finally:
            self._incoming[account] -= size
            self._incoming += Counter()  # forgets who has nothing coming

    def _check_shares(self, size: int, account: int) -> None:
        """Raise Failed when a file would be more than fits, or more than an account's part of it."""
        used = Counter(self._incoming)
        for record in self._records.values():
            used[record.taken_by] += record.disk_bytes
        owners = {0, os.geteuid()}
        if used.total() + size > self.limit_bytes:
            raise Failed(
                "Quarantine is full; the file was left in its place.",
                "Delete files from quarantine, or raise its limit: garrison settings set quarantine.limit_mib N",
            )
        if account in owners:
            return
        theirs = sum(amount for uid, amount in used.items() if uid not in owners)
        if used[account] + size > self.limit_bytes * self.share_percent // 100:
            raise Failed(
                "Your part of quarantine is full; the file was left in its place.",
                "Delete files of yours from it (garrison quarantine list), or ask whoever looks after this computer.",
            )
        if theirs + size > self.limit_bytes * (100 - _RESERVE_PERCENT) // 100:
            raise Failed(
                "Quarantine is full but for what is kept for its owner; the file was left in its place.",
                "Ask whoever looks after this computer.",
            )

    async def _copy(  # as take
        self, path: str, identity: Identity, finding: Finding, acting: Acting, by: int, sha256: str
    ) -> Record:
        """Make the durable copy and its record. Raises GarrisonError; then nothing is left of it."""
        number = secrets.token_hex(6)
        fresh = self._folder / f"{number}.new"
        try:
            target = os.open(fresh, _CREATE, 0o600)
            try:
                content, metadata, seen = await acting.run(_read, path, identity, sha256, target)
            finally:
                os.close(target)
            fresh.rename(self._blob(number))
            record = Record(
                id=number,
                path=path,
                sha256=content,
                identity=seen,
                metadata=metadata,
                threat=finding.name,
                kind=finding.kind.value,
                certainty=finding.certainty.value,
                inner=finding.inner,
                taken_at=self._clock.now().isoformat(timespec="seconds"),
                taken_by=by,
                arriving=True,
            )
            self._write(record)
        except BaseException as error:
            for leftover in (self._json(number), fresh, self._blob(number)):
                with contextlib.suppress(OSError):
                    leftover.unlink()
            if isinstance(error, OSError):
                raise explain(error, "put {path} into quarantine", path=path) from error
            raise
        return record

    def _conclude(self, record: Record, removal: place.Removal) -> Record:
        """Bring a record to what became of its file; when it hangs half-way, the next start sees to it."""
        if removal.step is place.Step.DONE:
            return self._hold(record)
        if removal.step is place.Step.NONE:
            with contextlib.suppress(GarrisonError):  # the next start undoes it
                self._discard(record)
        return record

    def _hold(self, record: Record) -> Record:
        """Say that a file is in quarantine and nowhere else."""
        held = replace(record, arriving=False, restoring="")
        try:
            self._write(held)
        except GarrisonError as error:  # a full disk, at worst: the next start sees that the file is gone
            log.warning("%s", error.text)
            self._records[held.id] = held
        return held

    # -- out --

    async def restore(self, record: Record, acting: Acting, to: str = "") -> Restored:
        """Put a file back, byte for byte, with its owner, mode, times, attributes and access list.

        to: another folder or full path. Never replaces a file. Raises a GarrisonError; the copy is then still here.
        """
        try:
            path = await acting.run(place.destination, record.path, to)
        except OSError as error:
            raise explain(error, "restore to {path}", path=to) from error
        except ValueError as error:  # a NUL, or what is no character
            raise Invalid("{to} is no path.", to=printable(to)) from error
        temporary = f".garrison-{record.id}-{secrets.token_hex(4)}.new"
        with self._open_blob(record) as blob:
            self._check_held(record)
            with contextlib.suppress(GarrisonError):  # a full disk must not keep people's files here
                self._write(replace(record, restoring=os.path.join(os.path.dirname(path), temporary)))
            try:
                missing = await acting.run(place.put, path, show(blob), record.sha256, record.metadata, temporary)
            except OSError as error:
                raise explain(error, "restore {path}", path=path) from error
        self._discard(record)
        return Restored(path, tuple(missing))

    async def put_cured(self, record: Record, content: bytes, acting: Acting) -> list[str]:
        """Put a cured form of a file where it was taken from, with its owner, mode, attributes and access list.

        The file itself stays here. Returns what it could not be given, in words. Raises a GarrisonError; then there is
        nothing in its place.
        """
        self._check_held(record)
        temporary = f".garrison-{record.id}-{secrets.token_hex(4)}.new"
        with contextlib.suppress(GarrisonError):  # a full disk: at worst an unfinished file is left
            self._write(replace(record, restoring=os.path.join(os.path.dirname(record.path), temporary)))
        now = time.time_ns()
        metadata = replace(record.metadata, atime_ns=now, mtime_ns=now)  # whoever makes backups has to see it
        digest = hashlib.sha256(content).hexdigest()
        try:
            return await acting.run(place.put, record.path, [content], digest, metadata, temporary)
        except OSError as error:
            raise explain(error, "put the cured file to {path}", path=record.path) from error
        finally:
            with contextlib.suppress(GarrisonError):
                self._write(replace(record, restoring=""))

    async def delete(self, record: Record) -> None:
        """Delete a file for good. Raises a GarrisonError."""
        self._check_held(record)
        self._discard(record)

    def _check_held(self, record: Record) -> None:
        """Raise NotFound when a file is here no more, Unavailable when it is not here yet."""
        now = self._records.get(record.id)
        if now is None:
            raise NotFound("“{id}” is not in quarantine.", "garrison quarantine list shows what is.", id=record.id)
        if now.arriving:
            raise Unavailable("“{id}” is being put into quarantine just now.", "Try again in a moment.", id=record.id)

    @contextlib.asynccontextmanager
    async def revealed(self, record: Record) -> AsyncIterator[int]:
        """Hold a nameless file open that has the content, for scanning it again. Raises a GarrisonError."""
        with self._nameless(record) as descriptor:
            async with Acting(os.geteuid(), os.getegid()) as own_thread:
                with self._open_blob(record) as blob:
                    await own_thread.run(_reveal, blob, descriptor, record.sha256)
            yield descriptor

    @contextlib.contextmanager
    def _nameless(self, record: Record) -> Iterator[int]:
        path = self._folder / f"{record.id}.scan"
        try:
            descriptor = os.open(path, _CREATE, 0o600)
            path.unlink()
        except OSError as error:
            raise explain(error, "make room for a file in quarantine") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    # -- on disk --

    @contextlib.contextmanager
    def _open_blob(self, record: Record) -> Iterator[int]:
        try:
            descriptor = os.open(self._blob(record.id), os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise explain(error, "open the copy in quarantine") from error
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def _blob(self, number: str) -> Path:
        return self._folder / f"{number}.blob"

    def _json(self, number: str) -> Path:
        return self._folder / f"{number}.json"

    def _write(self, record: Record) -> None:
        write_json(self._json(record.id), record.to_plain())
        self._records[record.id] = record

    def _discard(self, record: Record) -> None:
        """Forget a file: the record first, so that a kill in between leaves a copy to sweep, not a promise unkept."""
        try:
            self._json(record.id).unlink(missing_ok=True)
            self._records.pop(record.id, None)
            sync_folder(self._folder)  # else a power cut could bring back the record without its copy
            self._blob(record.id).unlink(missing_ok=True)
            sync_folder(self._folder)
        except OSError as error:
            raise explain(error, "change quarantine") from error


def _read(path: str, identity: Identity, sha256: str, target: int) -> tuple[str, Metadata, Identity]:
    """Copy the file that was examined; return its SHA-256, what belongs to it, and which file it is now.

    The size and time of last change can be forged. Where the SHA-256 is known, the copy has to have it; where it is
    not, nothing about the file may have changed.
    """
    if not place.may_remove(path):
        raise Failed("This account may not remove files from where {path} is; it was left there.", path=path)
    with place.opened(path, identity, exactly=not sha256) as source:
        seen = Identity.of(os.fstat(source))
        metadata = Metadata.of(source)
        content = hide(source, target, identity.size)
        if sha256 and content != sha256:
            raise place.changed(path)
        return content, metadata, seen


def _reveal(blob: int, target: int, sha256: str) -> None:
    try:
        pour(show(blob), target, sha256)
    except OSError as error:
        raise explain(error, "read a file in quarantine") from error
