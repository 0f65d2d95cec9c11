"""The System Watcher component."""

import asyncio
import os
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.abilities.guard import Guard
from garrison.abilities.rewinding import Rewinding
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError, Refused
from garrison.base.text import printable
from garrison.components.system_watcher import results
from garrison.components.system_watcher.places import document_folders, homes, start_folders
from garrison.components.system_watcher.results import AlarmRow, Changed, FolderRow, Shown, TouchedRow, Undone
from garrison.components.system_watcher.shares import Shares
from garrison.components.system_watcher.state import Memory
from garrison.wire.watching import Alarm, Decision, Deed, Documents, Scarce

_MIB = 1024 * 1024
_MOST_ROWS = 1000
_MOST_HANDLED = 1000
_SCARCE_LASTS = timedelta(days=1)
_TRUSTED = (
    "/usr/lib/libreoffice/program/soffice.bin", "/opt/libreoffice/program/soffice.bin", "/usr/bin/git",
    "/usr/lib/git-core/git", "/usr/bin/rsync", "/usr/bin/gzip", "/usr/bin/bzip2", "/usr/bin/xz", "/usr/bin/zstd",
    "/usr/libexec/tracker-extract-3", "/usr/libexec/tracker-miner-fs-3", "/usr/bin/baloo_file",
)  # fmt: skip
_THRESHOLDS = {"high": 2.0, "recommended": 3.0, "low": 6.0}


class Sensitivity(StrEnum):
    """How much a program may do before it is stopped: 2, 3 or 6 files."""

    HIGH = "high"
    RECOMMENDED = "recommended"
    LOW = "low"


class WhenSeen(StrEnum):
    """What is done at an alarm. automatic: stop, restore, end; ask: stop and ask; tell: nothing but telling."""

    AUTOMATIC = "automatic"
    ASK = "ask"
    TELL = "tell"


class SystemWatcherSettings(sdk.Settings):
    """How documents are protected from ransomware."""

    home_folders: bool = sdk.field(True, title="Protect documents, desktop and pictures in everybody's home folder")
    action: WhenSeen = sdk.field(WhenSeen.AUTOMATIC, title="When a program destroys documents")
    sensitivity: Sensitivity = sdk.field(Sensitivity.RECOMMENDED, title="Sensitivity")
    window_minutes: int = sdk.field(10, title="Add up what a program does over (minutes)", ge=1, le=1440)
    copies_mib: int = sdk.field(1024, title="Space for copies (MiB)", ge=1, le=1024 * 1024)
    trusted: tuple[Path, ...] = sdk.field(
        tuple(Path(path) for path in _TRUSTED), title="Programs that may do what they like (full paths)", max_length=200
    )
    block_minutes: int = sdk.field(60, title="Block a computer that destroys a share for (minutes)", ge=0, le=10080)
    copies_on_read: bool = sdk.field(
        True, title="Copy documents also when they are read, on kernels before 6.14 that need it"
    )


Id = Annotated[str, sdk.about("Its id, as alarms shows it; the first digits will do", max_length=64)]


class SystemWatcher(sdk.Component[SystemWatcherSettings]):
    """Stops programs that destroy documents, and restores what they destroyed."""

    id = "system-watcher"
    title = "System Watcher"
    feature = sdk.Feature.PROTECTION
    events = results.EVENTS
    default_operation = "alarms"

    def __init__(  # each is an ability that the suite hands in
        self, host: sdk.Host, settings: SystemWatcherSettings, guard: Guard, rewinding: Rewinding, clock: Clock
    ) -> None:
        super().__init__(host, settings)
        self._guard = guard
        self._rewinding = rewinding
        self._clock = clock
        self._memory = Memory(rewinding.folder)
        self._shares = Shares()
        self._scarce: tuple[datetime, Scarce] | None = None
        self._is_running = False
        self._handled: deque[str] = deque(maxlen=_MOST_HANDLED)

    # -- what is watched --

    def unsupported(self) -> sdk.Text | None:
        """Return why it cannot work."""
        if self._guard.may_block():
            return None
        return sdk.Text(
            "Documents can be protected from ransomware only where Garrison runs as the system's own service."
        )

    def settings_changed(self) -> None:
        """Have the gate go by the settings."""
        if self._is_running:
            self._guard.watch_documents(self._wanted())

    def _wanted(self) -> Mapping[str, Any] | None:
        """Return what the gate is to do; None when there is nothing to protect and nobody stopped."""
        is_waiting = any(alarm.stopped and not alarm.decision for alarm in self._rewinding.alarms())
        return self._plan().to_plain() if is_waiting or self._folders() else None

    def _folders(self) -> dict[str, str]:
        """Return the protected folders with who named them."""
        found = dict.fromkeys(self._memory.folders, "owner")
        if self.settings.home_folders:
            for home in homes():
                found |= {path: "home" for path in document_folders(home) if path not in found}
        return found

    def _plan(self) -> Documents:
        settings = self.settings
        return Documents(
            store=str(self._rewinding.folder),
            folders=tuple(self._folders()),
            traces=start_folders(),
            trusted=(*map(str, settings.trusted), *self._memory.forgiven),
            threshold=_THRESHOLDS[settings.sensitivity],
            window_seconds=settings.window_minutes * 60.0,
            budget_bytes=settings.copies_mib * _MIB,
            stops=settings.action is not WhenSeen.TELL,
            copies_on_read=settings.copies_on_read,
            decided=self._memory.decided,
        )

    async def run(self) -> None:
        """Protect documents until cancelled."""
        if self.unsupported() is not None:
            self.host.ready()
            await asyncio.Event().wait()
        try:
            with self._guard.hear(_understood) as hearing:
                self._is_running = True
                self._guard.watch_documents(await asyncio.to_thread(self._wanted))
                self.host.ready()
                async with asyncio.TaskGroup() as group:
                    for alarm in self._rewinding.alarms():  # raised while nobody listened
                        if alarm.stopped and not alarm.decision and alarm.id not in self._memory.decided:
                            group.create_task(self._take(alarm))
                    async for fact in hearing:
                        if isinstance(fact, Alarm):
                            group.create_task(self._take(fact))
                        elif isinstance(fact, Scarce):
                            self._scarce = (self._clock.now(), fact)
                            self.host.report(results.SpaceTooSmall(path=fact.path, why=fact.why), max(0, fact.uid))
        finally:
            self._is_running = False
            self._guard.watch_documents(None)

    # -- what follows an alarm --

    async def _take(self, alarm: Alarm) -> None:
        """Do about an alarm what the settings say."""
        if alarm.id in self._handled:
            return
        self._handled.append(alarm.id)
        self._tell(alarm)
        if os.path.basename(alarm.program) == "smbd" and self.settings.block_minutes:
            await self._shut_out(alarm)
        if not alarm.stopped:
            return
        if self.settings.action is WhenSeen.ASK and await self._ask(alarm) == Decision.RELEASE:
            self._release(alarm, sdk.Caller.myself())
            return
        try:
            await self._undo(alarm)
        finally:
            self._decide(alarm, Decision.END)

    def _tell(self, alarm: Alarm) -> None:
        files, stopped = len(alarm.reasons), alarm.stopped
        if not stopped:
            self.host.report(results.RansomwareSeen(alarm=alarm.id, program=alarm.program, files=files), alarm.uid)
            return
        event = results.RansomwareStopped(
            alarm=alarm.id, program=alarm.program, files=files, processes=len(stopped["processes"])
        )
        self.host.report(event, alarm.uid)
        if left := stopped["left"]:
            why = "; ".join(sorted(set(left.values())))
            self.host.report(results.ProcessesLeft(alarm=alarm.id, count=len(left), why=why), alarm.uid)

    async def _ask(self, alarm: Alarm) -> str:
        text = sdk.Text(
            "{program} destroyed {files} document(s) and was stopped. Restore them and end it?",
            program=printable(alarm.program),
            files=len(alarm.reasons),
        )
        choices = {str(Decision.END): "Restore and end it", str(Decision.RELEASE): "A false alarm: let it go on"}
        question = sdk.Question(f"alarm-{alarm.id}", text, choices, str(Decision.END))
        return await self.host.ask(question, alarm.uid)

    async def _undo(self, alarm: Alarm) -> Undone:
        outcome = await self._rewinding.undo(alarm)
        event = results.DocumentsRestored(
            alarm=alarm.id,
            restored=len(outcome.restored) + len(outcome.moved),
            quarantined=len(outcome.quarantined),
            failed=len(outcome.failed),
        )
        self.host.report(event, alarm.uid)
        return results.undone(alarm.id, outcome)

    def _decide(self, alarm: Alarm, decision: Decision) -> None:
        self._memory.decide(alarm.id, decision)
        self.settings_changed()

    def _release(self, alarm: Alarm, caller: sdk.Caller) -> bool:
        is_remembered = self._memory.forgive(alarm.program)
        self._decide(alarm, Decision.RELEASE)
        self.host.report(results.ProgramReleased(alarm=alarm.id, program=alarm.program, uid=caller.uid), alarm.uid)
        return is_remembered

    async def _shut_out(self, alarm: Alarm) -> None:
        """Block the computer that an smbd served."""
        minutes = self.settings.block_minutes
        try:
            for address in await asyncio.to_thread(self._shares.clients_of, alarm.pid):
                await asyncio.to_thread(self._shares.block, address, minutes)
                self.host.report(results.ClientBlocked(alarm=alarm.id, address=address, minutes=minutes))
        except GarrisonError as error:
            self.host.report(results.ClientNotBlocked(alarm=alarm.id, why=error.text))

    # -- operations --

    @sdk.action("Alarms", access=sdk.Access.VIEW)
    def alarms(self, caller: sdk.Caller) -> "list[AlarmRow]":
        """List the programs that were stopped."""
        return [AlarmRow(**self._facts(alarm)) for alarm in self._rewinding.alarms() if caller.sees(alarm.uid)]

    @sdk.action("An alarm", access=sdk.Access.VIEW)
    async def show(self, id: Id, caller: sdk.Caller) -> Shown:
        """Show all about an alarm, and what undoing it would do."""
        alarm = self._find(id, caller)
        would = await self._rewinding.undo(alarm, really=False)
        return Shown(
            **self._facts(alarm),
            command=alarm.command,
            node=alarm.node,
            reasons=dict(alarm.reasons),
            would_restore=[*would.restored, *would.moved],
            would_quarantine=would.quarantined,
        )

    @sdk.action("Undo what a program did")
    async def undo(self, id: Id, caller: sdk.Caller) -> Undone:
        """Restore what a program destroyed, put what it made into quarantine, and end it."""
        alarm = self._find(id, caller)
        undone = await self._undo(alarm)
        if alarm.stopped and alarm.id not in self._memory.decided:
            self._decide(alarm, Decision.END)
        return undone

    @sdk.action("False alarm", access=sdk.Access.WEAKEN)
    def release(self, id: Id, caller: sdk.Caller) -> Changed:
        """Let a stopped program go on, and trust it from now on."""
        alarm = self._find(id, caller)
        if not alarm.stopped or alarm.id in self._memory.decided:
            raise Refused("Nothing of this alarm is stopped any more.", "garrison system-watcher show ID tells more.")
        is_remembered = self._release(alarm, caller)
        program = printable(alarm.program)
        later = "It is trusted from now on." if is_remembered else "Only this run: it runs anybody's scripts."
        return Changed(text=f"{program} goes on. {later}")

    @sdk.action("What a program touched", access=sdk.Access.VIEW)
    async def touched(
        self,
        program: Annotated[sdk.UntrustedText, sdk.about("Its full path, name, or process number", max_length=4096)],
        caller: sdk.Caller,
    ) -> "list[TouchedRow]":
        """List what a program that is not trusted did in protected folders, the newest last."""

        def is_wanted(deed: Deed) -> bool:
            names = {deed.program, os.path.basename(deed.program), deed.process.partition(".")[0]}
            return program in names and caller.sees(deed.uid)

        deeds = await asyncio.to_thread(lambda: list(self._rewinding.deeds(is_wanted))[-_MOST_ROWS:])
        return [_row(deed) for deed in deeds]

    @sdk.action("Protected folders", access=sdk.Access.VIEW)
    def folders(self) -> "list[FolderRow]":
        """List the protected folders."""
        standing = self._guard.standing
        refused: Mapping[str, str] = standing.refused if standing is not None else {}
        return [FolderRow(path=path, by=by, problem=refused.get(path, "")) for path, by in self._folders().items()]

    @sdk.action("Protect a folder", access=sdk.Access.CONFIGURE)
    def protect(
        self, path: Annotated[Path, sdk.about("A folder with documents, or a share")], caller: sdk.Caller
    ) -> Changed:
        """Protect a folder, with all below, from programs that destroy documents."""
        real = self._memory.protect(str(path))
        self.settings_changed()
        self.host.report(results.FolderProtected(path=real, uid=caller.uid))
        return Changed(text=f"{printable(real)} is protected from now on.")

    @sdk.action("Protect a folder no more", access=sdk.Access.WEAKEN)
    def unprotect(self, path: Annotated[Path, sdk.about("A folder that was added")], caller: sdk.Caller) -> Changed:
        """Protect a folder no more."""
        known = self._memory.unprotect(str(path))
        self.settings_changed()
        self.host.report(results.FolderUnprotected(path=known, uid=caller.uid))
        return Changed(text=f"{printable(known)} is no longer protected.")

    @sdk.action("Let a computer in again", access=sdk.Access.WEAKEN)
    async def unblock(
        self, address: Annotated[str, sdk.about("Its address", max_length=64)], caller: sdk.Caller
    ) -> Changed:
        """Let a computer in again that was blocked for destroying documents on a share."""
        await asyncio.to_thread(self._shares.unblock, address)
        self.host.report(results.ClientUnblocked(address=address, uid=caller.uid))
        return Changed(text=f"{printable(address)} is no longer blocked.")

    # -- how it stands --

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        if not self._guard.may_block():
            return
        waiting = [each for each in self._rewinding.alarms() if self._state(each) == "stopped"]
        if waiting:
            text = sdk.Text(
                "A program that destroyed documents is stopped and waits for a decision ({id})", id=waiting[0].id
            )
            yield sdk.Issue(id="waiting", severity=sdk.Severity.CRITICAL, text=text)
        if self._scarce is not None and self._clock.now() - self._scarce[0] < _SCARCE_LASTS:
            text = sdk.Text(
                "Documents are not fully protected: {why} For more space, raise the setting system-watcher.copies_mib",
                why=self._scarce[1].why,
            )
            yield sdk.Issue(id="space-too-small", severity=sdk.Severity.IMPORTANT, text=text)
        if self.settings.action is WhenSeen.TELL:
            text = sdk.Text("Programs that destroy documents are not stopped, as the settings say")
            yield sdk.Issue(id="only-tells", severity=sdk.Severity.IMPORTANT, text=text)

    def proof(self) -> sdk.Proof | None:
        """Return when it last stopped something."""
        stopped = [alarm for alarm in self._rewinding.alarms() if alarm.stopped]
        if not stopped:
            return None
        last = stopped[-1]
        text = sdk.Text("Stopped {program} after {n} file(s)", program=printable(last.program), n=len(last.reasons))
        return sdk.Proof(at=datetime.fromtimestamp(last.at, UTC), text=text)

    def _find(self, number: str, caller: sdk.Caller) -> Alarm:
        alarm = self._rewinding.alarm(number)
        if not caller.sees(alarm.uid):
            raise Refused("This alarm is about another account.", "Ask whoever looks after this computer.")
        return alarm

    def _state(self, alarm: Alarm) -> str:
        if not alarm.stopped:
            return "told"
        decided = alarm.decision or self._memory.decided.get(alarm.id, "")
        return {"end": "ended", "release": "released"}.get(decided, "stopped")

    def _facts(self, alarm: Alarm) -> dict[str, Any]:
        return {
            "id": alarm.id,
            "at": datetime.fromtimestamp(alarm.at, UTC).astimezone().isoformat(timespec="seconds"),
            "program": alarm.program,
            "account": alarm.uid,
            "files": len(alarm.reasons),
            "state": self._state(alarm),
        }


def _understood(untrusted: Mapping[str, Any]) -> Alarm | Scarce | None:
    """Return the fact that was told when it is one of ours. Raises TypeError when it is damaged."""
    fields = {name: value for name, value in untrusted.items() if name != "fact"}
    kind = untrusted.get("fact")
    if kind == "alarm":
        return Alarm.from_plain(fields)
    return Scarce(**fields) if kind == "scarce" else None


def _row(deed: Deed) -> TouchedRow:
    return TouchedRow(
        at=datetime.fromtimestamp(deed.at, UTC).astimezone().isoformat(timespec="milliseconds"),
        did=deed.did.value,
        path=deed.path,
        to=deed.to,
        program=deed.program,
        process=deed.process.partition(".")[0],
        account=deed.uid,
        copied=bool(deed.copy),
    )
