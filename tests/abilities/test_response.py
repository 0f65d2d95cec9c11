import asyncio
import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.exclusions import make_filter
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import _MOST_LEFT, _MOST_LEFT_BYTES, Action, Handled, LeftInPlace, Response
from garrison.abilities.scanner import Examined
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.engine.verdict import Certainty, Finding, Kind, Remark, Verdict
from tests.abilities.things import (
    EICAR,
    FINDING,
    NOBODY,
    START,
    fill,
    identity,
    make_curing,
    needs_root,
    run,
    small_disk,
)

NOTHING = make_filter([], [], [])
PROBABLE = Finding("Heuristic.X", Kind.TROJAN, Certainty.PROBABLE)
MYSELF = os.geteuid()


def _response(home: Home, store: Quarantine) -> Response:
    return Response(home, FakeClock(START), store, make_curing(home, store)[0])


class Bench:
    """A response with a store and one file."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root / "home")
        self.quarantine = Quarantine(self.home, FakeClock(START))
        self.response = self.opened()
        self.path = root / "bad"
        self.path.write_bytes(EICAR)

    def opened(self) -> Response:
        return _response(self.home, self.quarantine)

    def examined(self, *findings: Finding) -> Examined:
        sha256 = hashlib.sha256(self.path.read_bytes()).hexdigest() if findings else ""
        verdict = Verdict(findings=findings, sha256=sha256)
        return Examined(str(self.path), identity(self.path), self.path.stat().st_uid, verdict)

    def handle(
        self, *findings: Finding, action: Action = Action.AUTOMATIC, without: str = "", by: int = MYSELF
    ) -> tuple[list[Finding], Handled | None]:
        passed_over = make_filter([], [without], []) if without else NOTHING
        examined = self.examined(*findings)
        return run(lambda acting: self.response.handle(examined, action, passed_over, acting, by))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path.resolve())


def test_nothing_found_is_nothing_done(bench: Bench) -> None:
    assert bench.handle() == ([], None)
    assert bench.path.exists()


def test_what_is_known_is_put_away_and_what_only_seems_so_is_told(bench: Bench) -> None:
    findings, handled = bench.handle(PROBABLE)
    assert findings == [PROBABLE]
    assert handled == Handled("report", "left in place", done=False)
    assert bench.path.exists()
    findings, handled = bench.handle(PROBABLE, FINDING)
    assert handled is not None
    assert (handled.action, handled.result, handled.done) == ("quarantine", "quarantined", True)
    assert not bench.path.exists()
    record = bench.quarantine.record(handled.quarantine_id)
    assert record.threat == FINDING.name  # the worst of them
    assert bench.response.left_in_place() == []


@pytest.mark.parametrize("action", Action)
def test_every_action(bench: Bench, action: Action) -> None:
    _, handled = bench.handle(FINDING, action=action)
    assert handled is not None
    assert handled.done != bench.path.exists()
    assert len(bench.quarantine.records()) == handled.done  # nothing is deleted that is not first in quarantine
    assert handled.done == (action not in {Action.REPORT, Action.ASK})


def test_what_fails_is_told_and_remembered(bench: Bench) -> None:
    bench.quarantine.limit_bytes = 0
    _, handled = bench.handle(FINDING)
    assert handled is not None
    assert not handled.done
    assert handled.result == "failed: Quarantine is full; the file was left in its place."
    assert [entry.path for entry in bench.response.left_in_place()] == [str(bench.path)]


def test_a_file_that_was_changed_since_is_let_be(bench: Bench) -> None:
    examined = bench.examined(FINDING)
    bench.path.write_bytes(b"harmless by now")
    _, handled = run(lambda acting: bench.response.handle(examined, Action.DELETE, NOTHING, acting, MYSELF))
    assert handled is not None
    assert "was changed" in handled.result
    assert bench.path.read_bytes() == b"harmless by now"


def test_exclusions_by_name_and_hash(bench: Bench) -> None:
    assert bench.handle(FINDING, without="Test.*") == ([], None)
    findings, _ = bench.handle(FINDING, PROBABLE, without="Test.*")
    assert findings == [PROBABLE]
    examined = bench.examined(FINDING)
    by_hash = make_filter([], [], [examined.verdict.sha256])
    assert run(lambda acting: bench.response.handle(examined, Action.DELETE, by_hash, acting, 0)) == ([], None)
    assert bench.path.exists()


def test_what_was_left_outlives_a_start(bench: Bench) -> None:
    bench.handle(PROBABLE)
    bench.response.save()
    (entry,) = bench.opened().left_in_place()
    assert entry == LeftInPlace(
        str(bench.path),
        "Heuristic.X",
        "trojan",
        "probable",
        MYSELF,
        "2026-03-01T12:00:00+00:00",
        identity(bench.path),
    )
    bench.handle()  # clean by now
    bench.response.save()
    assert bench.opened().left_in_place() == []


def test_one_accounts_exclusion_hides_nothing_from_others(bench: Bench) -> None:
    bench.handle(PROBABLE)
    bench.handle(PROBABLE, without="*X", by=MYSELF + 1234)
    assert len(bench.response.left_in_place()) == 1
    bench.handle(PROBABLE, without="*X")
    assert bench.response.left_in_place() == []


def test_what_was_not_seen_whole_stays_on_the_list(bench: Bench) -> None:
    bench.handle(PROBABLE)
    cut_short = replace(bench.examined(), verdict=Verdict(remarks=(Remark("encrypted"),)))
    run(lambda acting: bench.response.handle(cut_short, Action.REPORT, NOTHING, acting, MYSELF))
    assert len(bench.response.left_in_place()) == 1
    bench.handle()
    assert bench.response.left_in_place() == []


def test_other_content_than_was_examined_is_not_taken(bench: Bench) -> None:
    examined = bench.examined(FINDING)
    before = bench.path.stat()
    bench.path.write_bytes(EICAR[::-1])
    os.utime(bench.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    _, handled = run(lambda acting: bench.response.handle(examined, Action.DELETE, NOTHING, acting, MYSELF))
    assert handled is not None
    assert "was changed" in handled.result
    assert bench.path.read_bytes() == EICAR[::-1]


@pytest.mark.parametrize(
    "content", ["", "{", "5", "null", "[5]", '[{"path": "/x"}]', '[{"identity": 5}]', '[{"identity": {"device": 1}}]']
)
def test_a_damaged_list_is_begun_anew(bench: Bench, content: str) -> None:
    (bench.home.root / "response" / "left-in-place.json").write_text(content, "ascii")
    assert bench.opened().left_in_place() == []


def test_an_entry_of_another_time_is_passed_over(bench: Bench) -> None:
    bench.handle(PROBABLE)
    bench.response.save()
    file = bench.home.root / "response" / "left-in-place.json"
    file.write_text(file.read_text("ascii").replace('"trojan"', '"of tomorrow"'), "ascii")
    assert bench.opened().left_in_place() == []


@needs_root
def test_a_full_disk_stops_no_scan(bench: Bench, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with small_disk(tmp_path / "disk") as disk:
        response = Response(
            Home(disk), FakeClock(START), bench.quarantine, make_curing(Home(disk), bench.quarantine)[0]
        )
        examined = bench.examined(PROBABLE)
        run(lambda acting: response.handle(examined, Action.REPORT, NOTHING, acting, 0))
        fill(disk, 0)
        response.save()
        assert "disk is full" in caplog.text
        (disk / "filler").unlink()
        response.save()
        assert (
            len(
                Response(
                    Home(disk), FakeClock(START), bench.quarantine, make_curing(Home(disk), bench.quarantine)[0]
                ).left_in_place()
            )
            == 1
        )


def test_nobody_can_fill_the_list_for_all(bench: Bench) -> None:
    examined = bench.examined(PROBABLE)

    async def inside() -> None:
        for number in range(_MOST_LEFT + 5):
            each = replace(examined, path=f"/x/{number}", owner=NOBODY)
            bench.response._remember(each, PROBABLE, Handled("report", "left in place", done=False))

    asyncio.run(inside())
    assert len(bench.response.left_in_place()) == _MOST_LEFT
    bench.handle(PROBABLE)
    assert len(bench.response.left_in_place()) == _MOST_LEFT + 1


def test_nobody_can_fill_the_list_with_long_paths(bench: Bench) -> None:
    examined = bench.examined(PROBABLE)

    async def inside() -> None:
        for number in range(3000):
            each = replace(examined, path=f"/{number}/" + "x" * 4000, owner=NOBODY)
            bench.response._remember(each, PROBABLE, Handled("report", "left in place", done=False))

    asyncio.run(inside())
    bench.response.save()
    assert (bench.home.root / "response" / "left-in-place.json").stat().st_size < _MOST_LEFT_BYTES * 1.2
    assert 900 < len(bench.response.left_in_place()) < 1100
    assert len(bench.opened()._left) == len(bench.response._left)
    bench.handle(PROBABLE)
    assert str(bench.path) in bench.response._left
