"""The short way: small clean files end there, and nothing else is lost on it."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.engine.verdict import Remark, Verdict
from garrison.gate import lanes
from garrison.wire.examination import MOST_NAME, Answer, Batch, encode_answer, encode_batch
from garrison.wire.guarding import Plan, Standing
from tests.engine.samples import EICAR
from tests.gate.live import Live, is_denied, volume


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), "tmpfs") as mounted:
        yield mounted


@pytest.fixture
def place(live: Live, disk: Path, usual: Plan) -> Path:
    """A folder of 40 files that the gate has not seen, and lanes open for their owner."""
    live.go_by(usual)
    folder = Path(tempfile.mkdtemp(dir=disk))
    for number in range(40):
        (folder / f"file{number}").write_bytes(b"harmless %d" % number)
    (folder / "evil").write_bytes(EICAR)
    live.watch(disk, deadline_seconds=1.0)
    for number in range(3):
        assert not is_denied(folder / f"file{number}")
        time.sleep(0.3)
    return folder


def examined(live: Live) -> int:
    """Return how many files the main thread has had examined so far."""
    live.connect()
    live.facts.clear()
    return live.wait_for(Standing).counts["examined"]


def wait_for_lane(live: Live, place: Path) -> None:
    """Open fresh files until one is not handed on."""
    for number in range(40):
        before, warm = examined(live), place / f"warm{number}"
        warm.write_bytes(b"harmless too")
        assert not is_denied(warm)
        if examined(live) == before:
            return
        time.sleep(0.2)
    raise AssertionError("no lane was opened")


def test_small_clean_files_are_not_handed_on_and_not_asked_about_again(live: Live, place: Path) -> None:
    wait_for_lane(live, place)
    before = examined(live)
    for _ in range(2):
        assert not any(is_denied(path) for path in place.glob("file*"))
    assert examined(live) - before <= 5  # of 80: a lane may be given up for a moment


def test_a_threat_is_refused_on_the_short_way_too(live: Live, place: Path) -> None:
    assert is_denied(place / "evil")
    assert live.wait_for_found(place / "evil").blocked


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_lane_that_stops_or_dies_loses_no_question(live: Live, place: Path, number: signal.Signals) -> None:
    workers = [each for each in live.below() if parent_of(each) != live.gate()]
    assert workers
    for worker in workers:
        os.kill(worker, number)
    opener = subprocess.run(["cat", *place.glob("file*")], capture_output=True, timeout=60, check=False)
    assert opener.returncode == 0
    assert is_denied(place / "evil")
    for worker in workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker, signal.SIGCONT)


@pytest.mark.parametrize("name", ["plain.txt", 'quo"ted\\', "\udcff\n\u00e9", "x" * 5000, ""])
def test_what_a_lane_asks_is_a_batch_of_one(name: str) -> None:
    assert lanes._asking(name) == encode_batch(Batch((name[:MOST_NAME],)))


CLEAN = Verdict(type="text", type_why='"findings":[],', remarks=(Remark(',"findings":[],'),)).to_plain()


def test_an_answer_that_says_clean_is_known_at_sight() -> None:
    assert lanes._is_plainly_clean(encode_answer(Answer(0, CLEAN)))


@pytest.mark.parametrize(
    "content",
    [
        encode_answer(Answer(0, CLEAN, tired=True)),
        encode_answer(Answer(1, CLEAN)),
        encode_answer(Answer(0, None, "crashed", ',"findings":[],')),
        encode_answer(Answer(0, {**CLEAN, "findings": [["Evil", "virus", "known", [], "", "", 0, 0]]})),
        encode_answer(Answer(0, CLEAN))[:-1],
        encode_answer(Answer(0, CLEAN)) * 2,
        encode_answer(Answer(0, {"type": "text"})),
        b"",
    ],
)
def test_any_other_answer_is_taken_apart(content: bytes) -> None:
    assert not lanes._is_plainly_clean(content)


def parent_of(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
