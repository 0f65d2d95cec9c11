"""Quarantine: a file is copied here, hidden, made durable and only then removed from its place.

On disk, for each file: ID.json (the record) and ID.blob (the content, see coding). The order of steps makes a kill at
any point harmless: blob, record "arriving", removal, record "held". What is found half-way at the next start is
finished or undone.
"""

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from garrison.abilities.quarantine import place
from garrison.abilities.quarantine.coding import hide, show
from garrison.abilities.quarantine.record import Identity, Metadata, Record
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError, NotFound
from garrison.base.files import explain, read_json, sync_folder, write_json
from garrison.base.paths import Home
from garrison.engine.verdict import Finding
from garrison.linux.acting import Acting

_VERSION = 1
_SPARE_BYTES = 64 * 1024 * 1024  # never fill a disk to the brim
_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@dataclass(frozen=True, slots=True)
class Restored:
    """Where a file was put back, and what of its metadata could not be given back, in words."""

    path: str
    missing: tuple[str, ...]


class Quarantine:
    """The store. limit_bytes: what all files in it may take on disk together."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._folder: Path = home.folder("quarantine", _VERSION)
        self._clock = clock
        self._lock = asyncio.Lock()
        self._records: dict[str, Record] | None = None
        self.limit_bytes = 1024 * 1024 * 1024
        self.damaged: list[str] = []

    @property
    def folder(self) -> Path:
        """Where it lies, so that walks leave it out."""
        return self._folder

    def records(self) -> list[Record]:
        """Return what is in quarantine, oldest first."""
        if self._records is None:
            self._records = self._load()
        return sorted(self._records.values(), key=lambda record: (record.taken_at, record.id))

    def record(self, number: str) -> Record:
        """Return the record of that id, which may be shortened while it is clear. Raises NotFound."""
        found = [record for record in self.records() if record.id.startswith(number)] if number else []
        if len(found) == 1:
            return found[0]
        what = "is not in quarantine" if not found else "fits several files in quarantine"
        raise NotFound(f"“{number}” {what}.", "garrison quarantine list shows them.")

    def used_bytes(self) -> int:
        """Return what the files in it take, about."""
        return sum(record.identity.size for record in self.records())

    def _load(self) -> dict[str, Record]:
        records = {}
        for path in self._folder.glob("*.json"):
            try:
                record = Record.from_plain(read_json(path))
            except (OSError, ValueError, KeyError, TypeError):
                self.damaged.append(path.name)
                continue
            records[record.id] = record
        return records

    async def recover(self) -> None:
        """Finish or undo what a kill cut short. To be called once, before anything else."""
        for record in self.records():
            if record.arriving:
                await asyncio.to_thread(self._finish, record)
        await asyncio.to_thread(self._sweep)

    def _finish(self, record: Record) -> None:
        """Remove a file that still is in its place: the decision was made and the copy is whole."""
        try:
            place.remove_leftover(record.path, record.identity, record.leftover)
            place.remove(record.path, record.identity, record.leftover)
        except FileNotFoundError:
            pass
        except (OSError, GarrisonError):
            if self._still_there(record):
                self._discard(record)
                return
        self._write(replace(record, arriving=False))

    def _sweep(self) -> None:
        """Remove copies that never got a record: their files are still in their places."""
        known = {f"{name}.blob" for name in self._records or {}} | {
            name.replace(".json", ".blob") for name in self.damaged
        }
        for path in self._folder.iterdir():
            if (path.suffix == ".blob" and path.name not in known) or path.suffix in {".new", ".scan"}:
                path.unlink()

    @staticmethod
    def _still_there(record: Record) -> bool:
        with contextlib.suppress(OSError):
            return Identity.of(os.lstat(record.path)) == record.identity
        return False

    async def take(self, path: str, identity: Identity, finding: Finding, acting: Acting, by: int) -> Record:
        """Take a file out of its place and keep it. by: the account whose scan this is.

        Raises a GarrisonError that says why not; the file is then still in its place.
        """
        async with self._lock:
            self._check_room(identity.size)
            try:
                record = await self._copy(path, identity, finding, acting, by)
            except OSError as error:
                raise explain(error, f"put {path} into quarantine") from error
            try:
                await acting.run(place.remove, path, identity, record.leftover)
            except (OSError, GarrisonError) as error:
                if await acting.run(self._still_there, record):
                    self._discard(record)
                    if isinstance(error, OSError):
                        raise explain(error, f"remove {path} from its folder") from error
                    raise
            held = replace(record, arriving=False)
            self._write(held)
            return held

    def _check_room(self, size: int) -> None:
        if self.used_bytes() + size > self.limit_bytes:
            raise Failed(
                "Quarantine is full; the file was left in its place.",
                "Delete files from quarantine, or raise its limit: garrison settings set quarantine.limit_mib N",
            )
        if shutil.disk_usage(self._folder).free < size + _SPARE_BYTES:
            raise Failed("The disk is too full for quarantine; the file was left in its place.", "Free some space.")

    async def _copy(self, path: str, identity: Identity, finding: Finding, acting: Acting, by: int) -> Record:
        """Make the durable copy and its record."""
        number = secrets.token_hex(6)
        fresh = self._folder / f"{number}.new"
        target = os.open(fresh, _CREATE, 0o600)
        try:
            sha256, metadata = await acting.run(_read_into, path, identity, target)
        except BaseException:
            fresh.unlink()
            raise
        finally:
            os.close(target)
        fresh.rename(self._blob(number))
        record = Record(
            id=number,
            path=path,
            sha256=sha256,
            identity=identity,
            metadata=metadata,
            threat=finding.name,
            kind=finding.kind.value,
            certainty=finding.certainty.value,
            inner=finding.inner,
            taken_at=self._clock.now().isoformat(timespec="seconds"),
            taken_by=by,
            arriving=True,
            leftover=f".garrison-{number}",
        )
        self._write(record)
        return record

    async def restore(self, record: Record, acting: Acting, to: str = "", forget: bool = True) -> Restored:
        """Put a file back, byte for byte, with its owner, mode, times, attributes and access list.

        to: another folder or full path. Never replaces a file. Raises a GarrisonError; the copy is then still here.
        """
        async with self._lock:
            path = to or record.path
            if await acting.run(os.path.isdir, path):
                path = os.path.join(path, os.path.basename(record.path))
            path = os.path.join(await acting.run(os.path.realpath, os.path.dirname(path)), os.path.basename(path))
            temporary = f".garrison-{record.id}.new"
            with self._open_blob(record) as blob:
                try:
                    missing = await acting.run(place.put, path, show(blob), record.sha256, record.metadata, temporary)
                except OSError as error:
                    raise explain(error, f"restore {path}") from error
            if forget:
                self._discard(record)
            return Restored(path, tuple(missing))

    async def delete(self, record: Record) -> None:
        """Delete a file for good. Raises a GarrisonError."""
        async with self._lock:
            self._discard(record)

    @contextlib.contextmanager
    def plain_copy(self, record: Record) -> Iterator[int]:
        """Hold a nameless file open that has the content, for scanning it again."""
        path = self._folder / f"{record.id}.scan"
        descriptor = os.open(path, _CREATE, 0o600)
        path.unlink()
        try:
            with self._open_blob(record) as blob, open(descriptor, "wb", closefd=False) as file:
                file.writelines(show(blob))
            yield descriptor
        except OSError as error:
            raise explain(error, "read a file in quarantine") from error
        finally:
            os.close(descriptor)

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

    def _write(self, record: Record) -> None:
        write_json(self._folder / f"{record.id}.json", record.to_plain())
        if self._records is not None:
            self._records[record.id] = record

    def _discard(self, record: Record) -> None:
        """Forget a file: the record first, so that a kill in between leaves a copy to sweep, not a promise unkept."""
        try:
            (self._folder / f"{record.id}.json").unlink(missing_ok=True)
            self._blob(record.id).unlink(missing_ok=True)
            sync_folder(self._folder)
        except OSError as error:
            raise explain(error, "change quarantine") from error
        if self._records is not None:
            self._records.pop(record.id, None)


def _read_into(path: str, identity: Identity, target: int) -> tuple[str, Metadata]:
    if not place.may_remove(path):
        raise Failed(f"This account may not remove files from the folder of {path}; it was left in its place.")
    with place.opened(path, identity) as source:
        metadata = Metadata.of(source)
        return hide(source, target, identity.size), metadata
