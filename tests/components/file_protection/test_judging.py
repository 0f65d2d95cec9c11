"""Tests of what is done about what the gate found."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.exclusions import Exclusions
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import Response
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.components.file_protection.events import FileBlocked, FileFoundOnChange, FileFoundOnUse
from garrison.components.file_protection.judging import Judge
from garrison.components.file_protection.memory import Memory
from garrison.components.file_protection.planning import Left
from garrison.components.file_protection.settings import Action
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict
from garrison.sdk.testing import START, FakeHost
from garrison.wire.guarding import Actor, Found, Occasion
from tests.abilities.things import make_curing

_NOTHING = Left((), (), ())


class _Bench:
    """A judge over real stores."""

    def __init__(self, root: Path, left: Left = _NOTHING) -> None:
        self.home, self.clock, self.host = Home(root / "home"), FakeClock(START), FakeHost()
        self.quarantine = Quarantine(self.home, self.clock)
        self.exclusions = Exclusions(self.home, self.clock)
        self.memory = Memory(self.home.folder("file-protection", 1))
        self.allowed = 0
        curing = make_curing(self.home, self.quarantine)[0]
        response = Response(self.home, self.clock, self.quarantine, curing)
        self.judge = Judge(self.host, response, self.exclusions, self.memory, self.clock, lambda: left, self._allow)
        self.path = root / "bad"
        self.path.write_text("x")

    def _allow(self) -> None:
        self.allowed += 1

    def found(self, occasion: Occasion = Occasion.OPEN, blocked: bool = True, uid: int = 1000, **verdict: Any) -> Found:
        finding = Finding("Test.Threat", Kind.TEST, verdict.pop("certainty", Certainty.KNOWN))
        plain = Verdict(objects=1, findings=(finding,)).to_plain() | verdict
        status = self.path.stat()
        return Found(
            str(self.path), occasion, blocked, Actor(7, uid, "/bin/cat"), status.st_dev, status.st_ino,
            status.st_size, status.st_mtime_ns, status.st_ctime_ns, plain,
        )  # fmt: skip

    def do(self, fact: Found, action: Action = Action.AUTOMATIC) -> bool:
        return asyncio.run(self.judge.judge(self.judge.case(fact), action))


def test_a_known_threat_goes_into_quarantine_and_who_was_kept_from_it_is_told(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    assert bench.do(bench.found())
    assert not bench.path.exists()
    (record,) = bench.quarantine.records()
    (report,) = bench.host.reports
    assert isinstance(report.event, FileBlocked)
    assert (report.owner, report.event.result) == (1000, "quarantined")
    assert bench.memory.blocked[0].quarantine_id == record.id


@pytest.mark.parametrize("action", [Action.BLOCK, Action.ASK, Action.TELL])
def test_other_actions_leave_it_where_it_is(tmp_path: Path, action: Action) -> None:
    bench = _Bench(tmp_path)
    bench.do(bench.found(), action)
    assert bench.path.exists()
    assert bench.memory.blocked[0].path == str(bench.path)


def test_what_only_seems_bad_stays(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    bench.do(bench.found(certainty=Certainty.PROBABLE))
    assert bench.path.exists()


def test_the_same_is_told_once_and_another_person_is_told_too(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    first, second = bench.found(), bench.found(uid=1001)
    for fact in (first, first, second):
        assert bench.do(fact)
    owners = [report.owner for report in bench.host.reports]
    assert owners == [1000, 1001]
    assert {getattr(report.event, "result", "") for report in bench.host.reports} == {"quarantined"}


def test_each_occasion_has_its_sentence(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    bench.do(bench.found(Occasion.CHANGE, blocked=False), Action.BLOCK)
    bench.do(bench.found(Occasion.RUN, blocked=False), Action.TELL)
    kinds = [type(report.event) for report in bench.host.reports]
    assert kinds == [FileFoundOnChange, FileFoundOnUse]
    assert bench.memory.blocked == []


def test_what_is_left_out_does_not_count(tmp_path: Path) -> None:
    bench = _Bench(tmp_path, Left((), ("Test.*",), ()))
    assert not bench.do(bench.found())
    assert bench.path.exists()
    assert bench.host.reports == []


def test_a_changed_file_is_not_touched(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    fact = bench.found()
    bench.path.write_text("something else")
    bench.do(fact)
    assert bench.path.read_text() == "something else"


def test_a_verdict_that_is_none_is_refused(tmp_path: Path) -> None:
    bench = _Bench(tmp_path)
    with pytest.raises(ValueError, match="not a list"):
        bench.judge.case(bench.found(findings="everything"))


@pytest.mark.parametrize(
    ("choice", "is_there", "allowed"), [("quarantine", False, 0), ("leave", True, 0), ("allow", True, 1)]
)
def test_the_owner_is_asked(tmp_path: Path, choice: str, is_there: bool, allowed: int) -> None:
    bench = _Bench(tmp_path)
    bench.host.answers["threat"] = choice
    sha256 = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"  # of "x"
    asyncio.run(bench.judge.ask(bench.judge.case(bench.found(sha256=sha256))))
    assert bench.path.exists() is is_there
    assert bench.allowed == allowed
    assert [entry.value for entry in bench.exclusions.entries()] == [sha256] * allowed
    assert os.path.basename(str(bench.host.questions[0].text).split(" in ")[1].split(".")[0]) == "bad"
