"""Pausing all protection, and going on."""

from collections.abc import Iterable
from typing import Annotated, ClassVar

from garrison.base.errors import Invalid, Unavailable
from garrison.daemon.operations.base import Operations
from garrison.daemon.pausing import PauseBegun, PauseEnded, Until, duration
from garrison.sdk import Access, Caller, Event, Issue, Said, Severity, Text, about, action

_HOW = "Say one of: --for 15m, --until-restart, --until-resumed."


class PausingOperations(Operations):
    """Pause all protection, and go on."""

    events: ClassVar[tuple[type[Event], ...]] = (PauseBegun, PauseEnded)
    aliases: ClassVar[dict[str, str]] = {"pause": "pause", "resume": "resume"}

    @action("Pause protection", access=Access.WEAKEN)
    async def pause(
        self,
        caller: Caller,
        for_: Annotated[str, about("For so long: 15m, 1h 30m, 2d", max_length=40)] = "",
        until_restart: Annotated[bool, about("Until Garrison is started again")] = False,
        until_resumed: Annotated[bool, about("Until somebody ends it")] = False,
        reason: Annotated[str, about("Why", max_length=500)] = "",
    ) -> Said:
        """Let all that protects by itself rest; what was changed meanwhile is looked at afterwards.

        Scans and updates go on. The pause is written down, and status shows it in red.
        """
        if [bool(for_), until_restart, until_resumed].count(True) != 1:
            raise Invalid("For how long?", _HOW)
        if not reason.strip():
            raise Invalid("A pause needs a reason.", "Say why: --reason TEXT")
        if not self._parts.is_lasting:
            raise Unavailable("Nothing protects by itself now: Garrison does not run in the background.")
        kind = Until.TIME if for_ else Until.RESTART if until_restart else Until.RESUMED
        pausing = self._parts.pausing
        await pausing.begin(caller, kind, reason.strip(), duration(for_) if for_ else None)
        return Said.of("Protection is paused {ends}. To end it: garrison resume", ends=pausing.ends())

    @action("Go on protecting")
    def resume(self, caller: Caller) -> Said:
        """End a pause; what was changed meanwhile is looked at."""
        if not self._parts.pausing.end(caller):
            return Said.of("Protection is not paused.")
        return Said.of("Protection goes on; what was changed meanwhile is looked at.")

    def issues(self) -> Iterable[Issue]:
        """Return that protection is paused, while it is."""
        yield from super().issues()
        pausing = self._parts.pausing
        if pausing.pause is not None and self._parts.is_lasting:
            text = Text("Protection is paused {ends}: {reason}", ends=pausing.ends(), reason=pausing.pause.reason)
            yield Issue(id="paused", severity=Severity.CRITICAL, text=text, fix="suite.resume")
