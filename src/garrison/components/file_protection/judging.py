"""Decides what is done about what was found while files are used, does it, and tells whom it concerns."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from garrison import sdk
from garrison.abilities.exclusions import By, Exclusions, Filter, make_filter
from garrison.abilities.quarantine import Identity
from garrison.abilities.response import Action as Deed
from garrison.abilities.response import Handled, Response
from garrison.abilities.scanner import Examined
from garrison.base.clock import Clock
from garrison.base.text import printable
from garrison.components.file_protection.events import FileBlocked, FileFoundOnChange, FileFoundOnUse
from garrison.components.file_protection.memory import Blocked, Memory
from garrison.components.file_protection.planning import Left
from garrison.components.file_protection.settings import Action
from garrison.engine.verdict import Finding, Verdict
from garrison.linux.acting import Acting
from garrison.wire.guarding import Actor, Found, Occasion

_AGAIN_SECONDS = 10.0  # the same of the same file is told once in this time
_MOST_TOLD = 10_000
_MOST_GONE = 1000
_DEEDS = {
    Action.AUTOMATIC: Deed.AUTOMATIC,
    Action.ASK: Deed.REPORT,
    Action.BLOCK: Deed.REPORT,
    Action.TELL: Deed.REPORT,
}
_DOING = {Occasion.OPEN: "opening", Occasion.RUN: "running", Occasion.CHANGE: "changing"}
_CHOICES = {"quarantine": "Put it into quarantine", "leave": "Leave it, blocked", "allow": "Allow this file"}


@dataclass(frozen=True, slots=True)
class Case:
    """Something found. examined: the file and its checked verdict."""

    examined: Examined
    occasion: Occasion
    blocked: bool
    actor: Actor


class Judge:
    """Acts on findings. left: what is left out now. on_allow: called when a file was allowed."""

    def __init__(  # each is an ability that the component hands on
        self,
        host: sdk.Host,
        response: Response,
        exclusions: Exclusions,
        memory: Memory,
        clock: Clock,
        left: Callable[[], Left],
        on_allow: Callable[[], None],
    ) -> None:
        self._host = host
        self._response = response
        self._exclusions = exclusions
        self._memory = memory
        self._clock = clock
        self._left = left
        self._on_allow = on_allow
        self._told: dict[tuple[object, ...], float] = {}
        self._gone: dict[Identity, tuple[list[Finding], Handled]] = {}  # out of the way; more may have been told of it

    @staticmethod
    def case(fact: Found) -> Case:
        """Return what the gate found, checked. Raises ValueError when its verdict is none."""
        verdict = Verdict.from_plain(fact.untrusted_verdict)
        identity = Identity(fact.device, fact.inode, fact.size, fact.modified_ns, fact.changed_ns)
        try:
            owner = os.lstat(fact.path).st_uid
        except (OSError, ValueError):
            owner = fact.actor.uid
        return Case(Examined(fact.path, identity, owner, verdict), fact.occasion, fact.blocked, fact.actor)

    async def judge(self, case: Case, action: Action) -> bool:
        """Do what is to be done about a file, and tell of it; return whether anything in it counts."""
        if self._is_told(case):
            return True
        findings, handled = await self._handle(case.examined, _DEEDS[action])
        if handled is None:
            return False
        self._report(case, findings[0], handled)
        return True

    def _is_told(self, case: Case) -> bool:
        now = self._clock.monotonic()
        key = (case.examined.identity, case.occasion, case.blocked, case.actor.uid, case.actor.program)
        last = self._told.get(key)
        if len(self._told) > _MOST_TOLD:
            self._told.clear()
        self._told[key] = now if last is None or now - last >= _AGAIN_SECONDS else last
        return last is not None and now - last < _AGAIN_SECONDS

    async def _handle(self, examined: Examined, deed: Deed) -> tuple[list[Finding], Handled | None]:
        if examined.identity in self._gone:
            return self._gone[examined.identity]
        # The suite's own rights: the file may be anybody's. Whose it is counts for the room in quarantine.
        async with Acting(os.geteuid(), os.getegid(), os.getgroups()) as acting:
            findings, handled = await self._response.handle(examined, deed, self._filter(), acting, examined.owner)
        self._response.save()
        if handled is not None and handled.done:
            self._gone = {**dict(list(self._gone.items())[-_MOST_GONE:]), examined.identity: (findings, handled)}
        return findings, handled

    def _filter(self) -> Filter:
        left = self._left()
        return make_filter(left.masks, left.names, left.hashes)

    def _report(self, case: Case, finding: Finding, handled: Handled) -> None:
        path, actor = case.examined.path, case.actor
        program = actor.program or f"process {actor.pid}"
        result = handled.result
        if case.occasion is Occasion.CHANGE:
            changed = FileFoundOnChange(program=program, uid=actor.uid, path=path, threat=finding.name, result=result)
            self._host.report(changed, actor.uid)
            return
        kind = FileBlocked if case.blocked else FileFoundOnUse
        doing = _DOING[case.occasion]
        self._host.report(
            kind(program=program, uid=actor.uid, doing=doing, path=path, threat=finding.name, result=result), actor.uid
        )
        if case.blocked:
            self._memory.add(
                Blocked(
                    id=0,
                    at=self._clock.now().isoformat(timespec="seconds"),
                    path=path,
                    threat=finding.name,
                    sha256=case.examined.verdict.sha256,
                    uid=actor.uid,
                    program=program,
                    quarantine_id=handled.quarantine_id,
                )
            )

    async def ask(self, case: Case) -> None:
        """Ask the owner what is to become of a file, and do that."""
        threat = case.examined.verdict.findings[0].name
        text = sdk.Text("{threat} was found in {path}. What is to be done?", threat=threat, path=case.examined.path)
        choice = await self._host.ask(sdk.Question("threat", text, _CHOICES, "leave"))
        if choice == "quarantine":
            await self._handle(case.examined, Deed.QUARANTINE)
        elif choice == "allow" and case.examined.verdict.sha256:
            self.allow(case.examined.verdict.sha256, printable(case.examined.path))

    def allow(self, sha256: str, path: str) -> None:
        """Leave a very file out from now on. Raises Invalid, Failed."""
        self._exclusions.add(By.HASH, sha256, note=f"Released: {path}"[:1000])
        self._on_allow()
