"""The self-test component."""

import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from garrison import sdk
from garrison.abilities.scanner import Scanner
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.files import read_json, write_json
from garrison.base.paths import Home

_VERSION = 1
_STALE = timedelta(days=2)
# The EICAR test file (EICAR, "Anti-Malware Testfile"): harmless, and every scanner finds it. In parts, so that this
# very file is not found.
_EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
_NAME = "EICAR-Test-File"


class SelfTestPassed(sdk.Event):
    """The test file was found."""

    says = "Self-test: the test file was found as {threat} in {milliseconds} ms"
    threat: str
    milliseconds: int


class SelfTestFailed(sdk.Event):
    """The test file was not found: files are not being checked as they should."""

    says = "Self-test: the test file was not found ({why})"
    severity = sdk.Severity.CRITICAL
    why: str


class Tested(sdk.Result):
    """What came of a self-test."""

    passed: bool
    threat: str
    milliseconds: int
    why: str

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if self.passed:
            return [sdk.Text("Detection works: {threat} found in {ms} ms.", threat=self.threat, ms=self.milliseconds)]
        return [sdk.Text("Detection does not work: {why}.", why=self.why)]

    def exit_code(self) -> int:
        """Return 3 when the test file was not found."""
        return 0 if self.passed else 3


class SelfTest(sdk.Component[sdk.Settings]):
    """Proves that detection works, by really having a test file found."""

    id = "self-test"
    title = "Self-test"
    feature = sdk.Feature.CORE
    events = (SelfTestPassed, SelfTestFailed)
    default_operation = "check"

    def __init__(self, host: sdk.Host, settings: sdk.Settings, home: Home, scanner: Scanner, clock: Clock) -> None:
        super().__init__(host, settings)
        self._scanner = scanner
        self._clock = clock
        self._file = home.folder("self-test", _VERSION) / "last.json"

    @sdk.task("Self-test", schedule="start, every 1 day, if missed")
    async def check(self, job: sdk.Job) -> Tested:
        """Have the EICAR test file found, on the way that every file goes."""
        job.progress(0, 1)
        tested = await self._check()
        job.progress(1, 1)
        event: sdk.Event = (
            SelfTestPassed(threat=tested.threat, milliseconds=tested.milliseconds)
            if tested.passed
            else SelfTestFailed(why=tested.why)
        )
        self.host.report(event)
        write_json(self._file, {"at": self._clock.now().isoformat(), **tested.model_dump()})
        return tested

    async def _check(self) -> Tested:
        began = self._clock.monotonic()
        try:
            with tempfile.TemporaryFile(dir=self._file.parent) as file:
                file.write(_EICAR.encode("ascii"))
                file.flush()
                verdict = await self._scanner.examine_one(file.fileno(), "self-test.com")
        except (OSError, GarrisonError) as error:
            return Tested(passed=False, threat="", milliseconds=0, why=str(error).rstrip("."))
        milliseconds = round((self._clock.monotonic() - began) * 1000)
        names = [finding.name for finding in verdict.findings]
        passed = _NAME in names
        why = "" if passed else f"found instead: {', '.join(names) or 'nothing'}"
        return Tested(passed=passed, threat=_NAME if passed else "", milliseconds=milliseconds, why=why)

    def _last(self) -> dict[str, Any] | None:
        try:
            last: dict[str, Any] = read_json(self._file)
            datetime.fromisoformat(last["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return last

    def proof(self) -> sdk.Proof | None:
        """Return when the test file was last looked for."""
        last = self._last()
        if last is None:
            return None
        if not last["passed"]:
            text = sdk.Text("Detection does not work: {why}", why=last["why"])
        else:
            text = sdk.Text(
                "last proved itself {at}: {threat} found in {ms} ms",
                at=datetime.fromisoformat(last["at"]).strftime("%Y-%m-%d %H:%M"),
                threat=last["threat"],
                ms=last["milliseconds"],
            )
        return sdk.Proof(at=datetime.fromisoformat(last["at"]), text=text, passed=bool(last["passed"]))

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        proof = self.proof()
        if proof is not None and self._clock.now() - proof.at > _STALE:
            text = sdk.Text("Detection has not proved itself for over two days")
            yield sdk.Issue(id="stale", severity=sdk.Severity.IMPORTANT, text=text, fix="self-test.check")
