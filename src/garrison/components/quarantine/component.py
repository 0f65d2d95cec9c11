"""The quarantine component."""

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from garrison import sdk
from garrison.abilities.exclusions import By, Exclusions
from garrison.abilities.quarantine import Quarantine, Record
from garrison.abilities.scanner import Scanner
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Refused
from garrison.base.files import write_json
from garrison.base.paths import Home
from garrison.base.text import plural, printable, size
from garrison.linux.acting import Acting

_VERSION = 1
_MIB = 1024 * 1024


class QuarantineSettings(sdk.Settings):
    """How much quarantine may hold."""

    limit_mib: int = sdk.field(1024, title="Hold at the most (MiB)", ge=1, le=1024 * 1024)
    share_percent: int = sdk.field(25, title="Let one account fill at the most (percent)", ge=1, le=80)
    warn_percent: int = sdk.field(80, title="Warn when it is this full (percent)", ge=1, le=100)


class FileRestored(sdk.Event):
    """A file was put back."""

    says = "{path} was restored from quarantine by account {uid}"
    severity = sdk.Severity.IMPORTANT
    path: sdk.UntrustedText
    threat: str
    uid: int


class FileDeleted(sdk.Event):
    """A file in quarantine was deleted for good."""

    says = "{path} was deleted from quarantine by account {uid}"
    path: sdk.UntrustedText
    threat: str
    uid: int


class FalseAlarmMarked(sdk.Event):
    """Somebody said that a finding was none."""

    says = "{threat} in {path} was marked as a false alarm by account {uid}"
    severity = sdk.Severity.IMPORTANT
    path: sdk.UntrustedText
    threat: str
    sha256: str
    uid: int


class RecordRow(sdk.Frozen):
    """A file in quarantine. at: when it was taken. size: bytes. owner: whose file it was (uid)."""

    id: str
    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    threat: str
    kind: str
    certainty: str
    at: str
    size: int
    sha256: str
    owner: int


class Shown(sdk.Result, RecordRow):
    """All about a file in quarantine. mode: as chmod writes it."""

    mode: str
    modified_ns: int
    attributes: list[str]

    def sentences(self) -> list[sdk.Text]:
        """Say it, a fact a line."""
        place = " > ".join(printable(part) for part in [self.path, *self.inner])
        facts = {
            "Threat": f"{self.threat} ({self.kind}, {self.certainty})",
            "Was": place,
            "Taken": self.at,
            "Size": size(self.size),
            "SHA-256": self.sha256,
            "Owner": str(self.owner),
            "Mode": self.mode,
        }
        return [sdk.Text("{name}: {value}", name=name, value=value) for name, value in facts.items()]


class Restored(sdk.Result):
    """A file that was put back. missing: what could not be given back of its metadata."""

    path: sdk.UntrustedText
    missing: list[str]
    excluded: bool = False

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("Restored to {path}.", path=printable(self.path))]
        if self.missing:
            lines.append(sdk.Text("Not restored: {what}.", what=", ".join(self.missing)))
        if self.excluded:
            lines.append(sdk.Text("This very file is left out of scans from now on (garrison exclusions list)."))
        return lines


class Deleted(sdk.Result):
    """A file that was deleted for good."""

    says = "{path} was deleted for good."
    path: sdk.UntrustedText


class Rescanned(sdk.Result):
    """What today's databases find in quarantine. clean: the ids of the files in which nothing is found now."""

    files: int
    clean: list[str]
    unreadable: list[str]

    def exit_code(self) -> int:
        """Return 3 when one could not be read."""
        return 3 if self.unreadable else 0

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [
            sdk.Text("{count} file was scanned again.", many="{count} files were scanned again.", count=self.files)
        ]
        lines += [sdk.Text("Not scanned: {what}", what=what) for what in self.unreadable]
        if self.clean:
            lines.append(sdk.Text("Nothing is found any more in: {ids}", ids=", ".join(self.clean)))
            lines.append(sdk.Text("To put one back: garrison quarantine restore ID"))
        return lines


Id = Annotated[str, sdk.about("Its id, as list shows it; the first digits will do", max_length=64)]


class QuarantineComponent(sdk.Component[QuarantineSettings]):
    """Keeps what was taken out of the way, and gives it back."""

    id = "quarantine"
    title = "Quarantine"
    events = (FileRestored, FileDeleted, FalseAlarmMarked)
    default_operation = "list"

    def __init__(  # each is an ability that the suite hands in
        self,
        host: sdk.Host,
        settings: QuarantineSettings,
        home: Home,
        quarantine: Quarantine,
        exclusions: Exclusions,
        scanner: Scanner,
        clock: Clock,
    ) -> None:
        super().__init__(host, settings)
        self._quarantine = quarantine
        self._exclusions = exclusions
        self._scanner = scanner
        self._clock = clock
        self._reports = home.folder("false-alarms", _VERSION)

    def settings_changed(self) -> None:
        """Hand the limits to the store."""
        self._quarantine.share_percent = self.settings.share_percent
        self._quarantine.limit_bytes = self.settings.limit_mib * _MIB

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        return self.issues_for(sdk.Caller.myself())

    def issues_for(self, caller: sdk.Caller) -> Iterable[sdk.Issue]:
        """Return what is wrong as far as a caller is to know."""
        limit = self._quarantine.limit_bytes
        used = self._quarantine.used_bytes()
        if used * 100 >= limit * self.settings.warn_percent:
            text = sdk.Text("Quarantine is nearly full ({used} of {limit})", used=size(used), limit=size(limit))
            yield sdk.Issue(id="nearly-full", severity=sdk.Severity.IMPORTANT, text=text)
        if self._quarantine.damaged:
            damaged = self._quarantine.damaged
            count = plural(len(damaged), "record", "records")
            names = f" ({', '.join(damaged)})" if caller.is_owner else ""
            text = sdk.Text("Damaged in quarantine, and left alone: {count}{names}", count=count, names=names)
            yield sdk.Issue(id="damaged", severity=sdk.Severity.IMPORTANT, text=text)

    @sdk.action("Quarantine", access=sdk.Access.VIEW)
    def list(self, caller: sdk.Caller) -> "list[RecordRow]":
        """List the files in quarantine."""
        return [RecordRow(**_facts(record)) for record in self._quarantine.records() if _sees(caller, record)]

    @sdk.action("A file in quarantine", access=sdk.Access.VIEW)
    def show(self, id: Id, caller: sdk.Caller) -> Shown:  # people call it so
        """Show all about a file in quarantine."""
        record = self._find(caller, id)
        metadata = record.metadata
        return Shown(
            **_facts(record),
            mode=f"{metadata.mode:04o}",
            modified_ns=metadata.mtime_ns,
            attributes=sorted(metadata.xattrs),
        )

    @sdk.action("Restore from quarantine")
    async def restore(
        self,
        id: Id,
        caller: sdk.Caller,
        to: Annotated[Path | None, sdk.about("Another folder, or a full path")] = None,
    ) -> Restored:
        """Put a file back where it was, or elsewhere, exactly as it was."""
        return await self._restore(self._own(caller, id), caller, to)

    async def _restore(self, record: Record, caller: sdk.Caller, to: Path | None) -> Restored:
        async with Acting(caller.uid, caller.gid, caller.groups) as acting:
            restored = await self._quarantine.restore(record, acting, str(to) if to else "")
        self.host.report(FileRestored(path=restored.path, threat=record.threat, uid=caller.uid), record.metadata.uid)
        return Restored(path=restored.path, missing=[*restored.missing])

    @sdk.action("Delete from quarantine")
    async def delete(self, id: Id, caller: sdk.Caller) -> Deleted:
        """Delete a file in quarantine for good."""
        record = self._own(caller, id)
        await self._quarantine.delete(record)
        self.host.report(FileDeleted(path=record.path, threat=record.threat, uid=caller.uid), record.metadata.uid)
        return Deleted(path=printable(record.path))

    @sdk.task("Rescan quarantine")
    async def rescan(self, job: sdk.Job) -> Rescanned:
        """Scan all files in quarantine again, with today's databases."""
        records = [record for record in self._quarantine.records() if _sees(job.caller, record)]
        clean, unreadable = [], []
        for number, record in enumerate(records):
            job.progress(number, len(records), record.path)
            try:
                async with self._quarantine.revealed(record) as descriptor:
                    verdict = await self._scanner.examine_one(descriptor, os.path.basename(record.path), job.caller.uid)
            except GarrisonError as error:
                unreadable.append(f"{record.id}: {error.text}")
                continue
            if not verdict.findings:
                clean.append(record.id)
        return Rescanned(files=len(records), clean=clean, unreadable=unreadable)

    @sdk.action("False alarm", access=sdk.Access.WEAKEN)
    async def false_alarm(
        self,
        id: Id,
        caller: sdk.Caller,
        note: Annotated[str, sdk.about("Why it is harmless, for your own records", max_length=1000)] = "",
    ) -> Restored:
        """Say that a file is harmless: put it back, leave it out of scans from now on, and keep a report."""
        record = self._own(caller, id)
        await asyncio.to_thread(self._keep_report, record, caller, note)
        self._exclusions.add(By.HASH, record.sha256, note=note or f"False alarm: {record.threat}")
        restored = await self._restore(record, caller, None)
        event = FalseAlarmMarked(path=record.path, threat=record.threat, sha256=record.sha256, uid=caller.uid)
        self.host.report(event, record.metadata.uid)
        return restored.model_copy(update={"excluded": True})

    def _keep_report(self, record: Record, caller: sdk.Caller, note: str) -> None:
        report = {
            **_facts(record),
            "marked_at": self._clock.now().isoformat(timespec="seconds"),
            "marked_by": caller.uid,
            "note": note,
        }
        write_json(self._reports / f"{record.id}.json", report)

    def _find(self, caller: sdk.Caller, number: str) -> Record:
        return self._quarantine.record(number, lambda record: _sees(caller, record))

    def _own(self, caller: sdk.Caller, number: str) -> Record:
        """Return a record that a caller may decide about: what their own scan took, or all for the owner."""
        record = self._find(caller, number)
        if not caller.is_owner and record.taken_by != caller.uid:
            raise Refused(
                "This file was put into quarantine by another account.", "Ask whoever looks after this computer."
            )
        return record


def _sees(caller: sdk.Caller, record: Record) -> bool:
    return caller.sees(record.metadata.uid) or caller.sees(record.taken_by)


def _facts(record: Record) -> dict[str, object]:
    return {
        "id": record.id,
        "path": record.path,
        "inner": [*record.inner],
        "threat": record.threat,
        "kind": record.kind,
        "certainty": record.certainty,
        "at": record.taken_at,
        "size": record.identity.size,
        "sha256": record.sha256,
        "owner": record.metadata.uid,
    }
