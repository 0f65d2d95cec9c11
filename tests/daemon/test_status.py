import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from garrison.abilities.rights import Rights
from garrison.daemon.status import Colour, Status, status_of
from garrison.daemon.supervisor import Supervisor
from garrison.sdk import AnyComponent, Caller, Component, Issue, Proof, Settings, Severity, Text
from garrison.sdk.testing import FakeHost
from tests.daemon.parts import ANNA, ROOT, clock


class Guard(Component[Settings]):
    """Guards."""

    id = "guard"
    title = "Guard"
    wrong: tuple[Issue, ...] = ()
    proved: Proof | None = None

    def issues(self) -> Iterable[Issue]:
        yield from self.wrong

    def proof(self) -> Proof | None:
        return self.proved


class Broken(Guard):
    """Cannot tell how it is."""

    id = "broken"
    title = "Broken"

    def issues(self) -> Iterable[Issue]:
        yield Issue(id="one", severity=Severity.INFO, text=Text("One"))
        raise KeyError("\udcff")

    def proof(self) -> Proof | None:
        raise KeyError("x")


def issue(name: str, severity: Severity) -> Issue:
    return Issue(
        id=name, severity=severity, text=Text("{what} is wrong", what=f"Thing {name} \udcff"), fix="guard.mend"
    )


class Discreet(Guard):
    """Tells everybody only of what is theirs."""

    id = "discreet"
    title = "Discreet"

    def issues_for(self, caller: Caller) -> Iterable[Issue]:
        return [issue for issue in self.wrong if caller.is_owner or issue.id == str(caller.uid)]


def status(*components: AnyComponent, own: tuple[Issue, ...] = (), caller: Caller = ROOT) -> Status:
    async def run() -> Status:
        async with asyncio.TaskGroup() as group:
            known = {component.id: component for component in components}
            supervisor = Supervisor(group, known, Rights(), lambda _: None, clock())
            return status_of(known, supervisor, own, caller)

    return asyncio.run(run())


@pytest.fixture
def guard() -> Guard:
    return Guard(FakeHost(), Settings())


def test_nothing_is_wrong(guard: Guard) -> None:
    found = status(guard)
    assert (found.colour, found.sentence, found.exit_code()) == (Colour.GREEN, "You are protected.", 0)


def test_the_worst_gives_the_colour_and_comes_first(guard: Guard) -> None:
    guard.wrong = (issue("a", Severity.INFO), issue("b", Severity.IMPORTANT))
    assert (status(guard).colour, status(guard).exit_code()) == (Colour.YELLOW, 1)
    found = status(guard, own=(issue("c", Severity.CRITICAL), issue("d", Severity.CRITICAL)))
    assert (found.colour, found.exit_code()) == (Colour.RED, 2)
    assert [row.id for row in found.issues] == ["suite.c", "suite.d", "guard.b", "guard.a"]
    assert found.sentence == "This computer is at risk: Thing c \udcff is wrong (and 1 more)."
    assert "    To mend it: garrison fix suite.c" in [str(line) for line in found.sentences()]


def test_what_is_off_is_said_and_asked_nothing() -> None:
    found = status(Broken(FakeHost(), Settings(enabled=False)))
    assert [(row.id, row.fix) for row in found.issues] == [("broken.off", "suite.start")]


def test_a_failed_proof_is_danger(guard: Guard) -> None:
    guard.proved = Proof(at=datetime(2026, 1, 5, tzinfo=UTC), text=Text("It was not found"), passed=False)
    assert [row.id for row in status(guard).issues] == ["guard.proof-failed"]
    guard.proved = Proof(at=datetime(2026, 1, 5, tzinfo=UTC), text=Text("found in 3 ms"))
    assert [str(line) for line in status(guard).sentences()][-1] == "  Guard: found in 3 ms"


def test_a_defect_of_one_component_is_its_own(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    found = status(guard, Broken(FakeHost(), Settings()))
    assert [(row.id, row.severity) for row in found.issues] == [("broken.defect", Severity.IMPORTANT)]
    assert "KeyError" in found.issues[0].text
    assert [row.id for row in found.components] == ["guard", "broken"]
    assert len(caplog.records) == 2


def test_people_are_told_what_they_are_to_know() -> None:
    discreet = Discreet(FakeHost(), Settings())
    discreet.wrong = (issue("1001", Severity.CRITICAL), issue("1002", Severity.CRITICAL))
    assert [row.id for row in status(discreet, caller=ANNA).issues] == ["discreet.1001"]
    assert [row.id for row in status(discreet, caller=ROOT).issues] == ["discreet.1001", "discreet.1002"]
