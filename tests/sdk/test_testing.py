import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from garrison.base.clock import FakeClock
from garrison.base.errors import Invalid, NotFound
from garrison.sdk import Caller, Issue
from garrison.sdk.testing import Called, Report, Staged, stage
from tests.sdk.samples import Looked, Sample, SampleSettings, ThingSeen


@pytest.fixture
def staged() -> Staged[Sample]:
    return stage(Sample, fails=[])


def test_a_component_comes_with_its_defaults_taken_up_and_a_clock(staged: Staged[Sample]) -> None:
    assert staged.component.taken_up == [SampleSettings()]
    staged.clock.advance(timedelta(hours=1))
    assert staged.component.clock.now() == datetime(2026, 1, 5, 13, tzinfo=UTC)


def test_settings_and_clock_can_be_given() -> None:
    clock = FakeClock(datetime(2030, 1, 1, tzinfo=UTC))
    staged = stage(Sample, SampleSettings(count=7), fails=[], clock=clock)
    assert staged.clock is clock
    assert [issue.id for issue in staged.component.issues() if isinstance(issue, Issue)] == ["many"]


def test_what_it_asks_of_people(staged: Staged[Sample]) -> None:
    assert asyncio.run(staged.ask("keep", name="it")) == "no 1"
    staged.host.answers["keep"] = "yes"
    assert asyncio.run(staged.ask("keep", Caller(1000, 1000), name="it", times="2")) == "yes 2"
    assert [str(question.text) for question in staged.host.questions] == ["Keep it?"] * 2
    staged.host.answers["keep"] = "perhaps"
    with pytest.raises(AssertionError):
        asyncio.run(staged.ask("keep", name="it"))


def test_what_it_asks_of_other_components(staged: Staged[Sample]) -> None:
    with pytest.raises(NotFound):
        asyncio.run(staged.ask("of-another"))
    staged.host.results["other.rows"] = lambda limit: [SampleSettings()] * limit
    assert asyncio.run(staged.ask("of-another")) == 5
    staged.host.results["other.rows"] = []
    assert asyncio.run(staged.ask("of-another")) == 0
    assert staged.host.calls == [Called("other.rows", {"limit": 5}, None)] * 3


def test_arguments_are_checked_as_at_the_door(staged: Staged[Sample]) -> None:
    with pytest.raises(Invalid, match="a path must be absolute"):
        asyncio.run(staged.ask("look-at", paths=["x"]))


def test_a_task_tells_how_far_it_is(staged: Staged[Sample]) -> None:
    assert asyncio.run(staged.ask("look-at", paths=["/a", "/b"])) == Looked(count=2, path="/b")
    assert staged.job.told == [(0, 2, "/a"), (1, 2, "/b")]


def test_what_runs_hears_what_happens_and_reports(staged: Staged[Sample]) -> None:
    async def run() -> None:
        await staged.host.to_hear.put(("other", ThingSeen(what="x", path="y")))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await staged.component.run()

    asyncio.run(run())
    expected = ThingSeen(what="other ThingSeen", path="here")
    assert staged.host.is_ready
    assert staged.reported == [expected]
    assert staged.host.reports == [Report(expected, None)]
