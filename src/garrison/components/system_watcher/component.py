"""The System Watcher component: what people can ask of it."""

import asyncio
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from garrison import sdk
from garrison.base.errors import Refused
from garrison.base.text import phrase, printable
from garrison.components.system_watcher import proving, results
from garrison.components.system_watcher.results import (
    AlarmRow,
    Changed,
    FolderRow,
    Proved,
    Shown,
    TouchedRow,
    Undone,
)
from garrison.components.system_watcher.settings import WhenSeen
from garrison.components.system_watcher.watching import Watching
from garrison.linux.acting import Acting
from garrison.wire.watching import Alarm, Decision, Deed

_MOST_ROWS = 1000
_PROOF_SECONDS = 60.0
_SCARCE_LASTS = timedelta(days=1)
Id = Annotated[str, sdk.about("Its id, as alarms shows it; the first digits will do", max_length=64)]


class SystemWatcher(Watching):
    """Stops programs that destroy documents, and restores what they destroyed."""

    id = "system-watcher"
    title = "System Watcher"
    feature = sdk.Feature.PROTECTION
    events = results.EVENTS
    default_operation = "alarms"

    # -- operations --

    @sdk.action("Alarms", access=sdk.Access.VIEW)
    def alarms(self, caller: sdk.Caller) -> "list[AlarmRow]":
        """List the programs that were stopped."""
        return [AlarmRow(**self._facts(alarm)) for alarm in self._alarms() if caller.sees(alarm.uid)]

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
        if is_remembered:
            return Changed(text=phrase("{program} goes on. It is trusted from now on.", program=program))
        return Changed(text=phrase("{program} goes on. Only this run: it runs anybody's scripts.", program=program))

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
    async def folders(self, caller: sdk.Caller) -> "list[FolderRow]":
        """List the protected folders, as far as you may see them."""
        found = self._folders()
        if not caller.is_owner:
            async with Acting(caller.uid, caller.gid, caller.groups) as acting:
                found = {path: by for path, by in found.items() if await acting.run(_may_look_into, path)}
        return [FolderRow(path=path, by=by, problem=self._problem(path)) for path, by in found.items()]

    @sdk.action("Protect a folder", access=sdk.Access.CONFIGURE)
    async def protect(
        self, path: Annotated[Path, sdk.about("A folder with documents, or a share")], caller: sdk.Caller
    ) -> Changed:
        """Protect a folder, with all below, from programs that destroy documents."""
        real = self._memory.protect(str(path))
        if problem := await self._until_watched(real) if self._is_running else self._problem(real):
            return Changed(
                text=phrase("{path} is to be protected, but is not yet: {why}.", path=printable(real), why=problem),
                is_done=False,
            )
        self.host.report(results.FolderProtected(path=real, uid=caller.uid), caller.uid)
        return Changed(text=phrase("{path} is protected from now on.", path=printable(real)))

    @sdk.action("Protect a folder no more", access=sdk.Access.WEAKEN)
    def unprotect(self, path: Annotated[Path, sdk.about("A folder that was added")], caller: sdk.Caller) -> Changed:
        """Protect a folder no more."""
        known = self._memory.unprotect(str(path))
        self.settings_changed()
        self.host.report(results.FolderUnprotected(path=known, uid=caller.uid), caller.uid)
        return Changed(text=phrase("{path} is no longer protected.", path=printable(known)))

    @sdk.action("Let a computer in again", access=sdk.Access.WEAKEN)
    async def unblock(
        self, address: Annotated[str, sdk.about("Its address", max_length=64)], caller: sdk.Caller
    ) -> Changed:
        """Let a computer in again that was blocked for destroying documents on a share."""
        await asyncio.to_thread(self._shares.unblock, address)
        self.host.report(results.ClientUnblocked(address=address, uid=caller.uid))
        return Changed(text=phrase("{address} is no longer blocked.", address=printable(address)))

    # -- how it stands --

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        if not self._guard.may_block():
            return
        waiting = [each for each in self._alarms() if self._state(each) == "stopped"]
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

    @sdk.task("Prove the System Watcher", schedule="start, every 1 day, if missed")
    async def prove(self, job: sdk.Job) -> Proved:
        """Have a program of our own encrypt files made for that, and see that it is stopped and they are restored."""
        job.progress(0, 1)
        # By itself only where there is something to protect: a gate takes memory and time to start.
        if job.by_itself and not self._folders():
            return Proved(passed=None, what=phrase("no folder is protected"))
        proved = await self._prove()
        job.progress(1, 1)
        if proved.passed is not None:
            self._memory.keep_proof({"at": self._clock.now().isoformat(), **proved.model_dump()})
            event = results.WatcherProved(what=proved.what)
            self.host.report(event if proved.passed else results.WatcherNotProved(why=proved.what))
        return proved

    async def _prove(self) -> Proved:
        if not self._is_running or self.unsupported() is not None:
            return Proved(passed=None, what=phrase("nothing is watched now"))
        if self._proving:
            raise Refused("The System Watcher proves itself already.", "Wait until that is done.")
        made = await asyncio.to_thread(proving.make_documents, self._rewinding.proof_folder)
        self._proving, self._proof_alarm = str(self._rewinding.proof_folder), asyncio.Future()
        self._watched = None  # what was told before may be of the last proof
        try:
            if problem := await self._until_watched(self._proving):
                return Proved(passed=False, what=phrase("the folder for it is not watched: {why}", why=problem))
            async with proving.attack(self._rewinding.proof_folder) as attack:
                return await self._see(attack, made)
        finally:
            self._proving, self._proof_alarm = "", None
            self.settings_changed()
            await proving.tidy(self._rewinding)

    async def _see(self, attack: proving.Attack, made: Mapping[Path, bytes]) -> Proved:
        """See what becomes of an attack."""
        assert self._proof_alarm is not None
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(_PROOF_SECONDS):
                attack.begin()
                alarm = await self._proof_alarm
        except TimeoutError:
            if not self._is_running:  # switched off in the middle of it
                return Proved(passed=None, what=phrase("nothing is watched now"))
            return Proved(passed=False, what=phrase("files were encrypted, and that was not noticed"))
        took = round((self._clock.monotonic() - began) * 1000)
        if not alarm.stopped:
            await attack.wait()
        lost = await asyncio.to_thread(proving.differing, made)
        outcome = await self._rewinding.undo(alarm)
        self._decide(alarm, Decision.END)
        left = await asyncio.to_thread(proving.differing, made)
        was_stopped = bool(alarm.stopped) and await attack.wait() and lost < len(made)
        how = phrase(
            "stopped after {lost} of {all} files" if was_stopped else "seen, but not stopped: {lost} of {all} files",
            lost=lost,
            all=len(made),
        )
        if left or outcome.failed:
            return Proved(
                passed=False, what=phrase("a program was {how}, and {left} were not restored", how=how, left=left)
            )
        is_as_set = was_stopped or self.settings.action is WhenSeen.TELL
        return Proved(
            passed=is_as_set, what=phrase("a program was {how}, all restored, in {took} ms", how=how, took=took)
        )

    def proof(self) -> sdk.Proof | None:
        """Return when it last proved itself, or really stopped something."""
        proofs = [Proved.proof_of(self._memory.proof)]
        if stopped := [alarm for alarm in self._alarms() if alarm.stopped]:
            last = stopped[-1]
            text = sdk.Text("Stopped {program} after {n} file(s)", program=printable(last.program), n=len(last.reasons))
            proofs.append(sdk.Proof(at=datetime.fromtimestamp(last.at, UTC), text=text))
        return max(filter(None, proofs), key=lambda proof: proof.at, default=None)

    def _alarms(self) -> "list[Alarm]":
        return [alarm for alarm in self._rewinding.alarms() if not self._is_of_proof(alarm)]

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


def _may_look_into(path: str) -> bool:
    """Return whether this thread may list a folder: os.access would ask for the process."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


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
