"""Tests that the gate goes by each part of a plan for documents; see test_documents.py for those that attacks need."""

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from garrison.wire.watching import Documents
from tests.gate import attacks
from tests.gate.staging import COUNT, Stage, alarm_of, differing
from tests.gate.volumes import Watcher, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")
SLOW = (
    attacks.COMMON.replace("names =", "import time\nnames =")
    + """
for path in names[:5]:
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(scrambled(content))
    time.sleep(0.3)
"""
)


def test_what_was_done_before_the_window_no_longer_counts(documents: Path, stage: Stage) -> None:
    for window, is_stopped in ((0.5, False), (60.0, True)):
        made = attacks.make_documents(documents, COUNT)
        with Watcher() as watcher:
            plan = Documents(stage.store, (str(documents),), window_seconds=window)
            watcher.go_by(plan)
            with subprocess.Popen(
                [sys.executable, "-I", "-c", SLOW, str(documents)], stderr=subprocess.DEVNULL
            ) as slow:
                try:
                    if is_stopped:
                        alarm = alarm_of(watcher)
                        watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
                    assert (slow.wait(20) != 0) == is_stopped
                finally:
                    slow.kill()
            assert (len(differing(made)) == 5) != is_stopped
            assert watcher.wait_for("Alarm", 0.1) is None


@pytest.mark.parametrize("copies", [True, False])
def test_what_is_read_is_copied_as_the_plan_says_where_the_kernel_does_not_ask_before_a_truncation(
    copies: bool, documents: Path, stage: Stage
) -> None:
    made = attacks.make_documents(documents, 4)
    with Watcher("pre_access") as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),), copies_on_read=copies))
        subprocess.run(["cat", *made], check=True, stdout=subprocess.DEVNULL)
    assert (stage.rewinding.copies_bytes() == sum(map(len, made.values()))) == copies


def test_what_is_protected_no_more_is_not_watched(documents: Path, stage: Stage) -> None:
    (documents / "other").mkdir()
    made = attacks.make_documents(documents, COUNT)
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        told = watcher.wait_for("Watched")
        assert told == {"fact": "Watched", "folders": [str(documents)], "refused": {}}
        watcher.go_by(dataclasses.replace(plan, folders=(str(documents / "other"),)))
        subprocess.run(attacks.command("in-place", documents), check=True)
        assert watcher.wait_for("Alarm", 0.1) is None
        watcher.go_by(dataclasses.replace(plan, folders=(str(documents), "/nowhere")))
        watcher.wait_for("Watched")
        told = watcher.wait_for("Watched")
        assert told is not None
        assert list(told["refused"]) == ["/nowhere"]
    assert len(differing(made)) == COUNT
    assert stage.deeds() == []


def test_each_account_has_its_share_of_the_copies(documents: Path, stage: Stage) -> None:
    """One account fills the space; what another one's document needs is copied and stays."""
    code = """
import os, sys
os.setresgid(*[int(sys.argv[1])] * 3)
os.setresuid(*[int(sys.argv[1])] * 3)
for path in sys.argv[2:]:
    with open(path, "ab") as file:
        file.write(b"and more")
"""
    documents.chmod(0o777)
    anns, eves = documents / "ann.txt", [documents / f"eve{number}.txt" for number in range(12)]
    for path in (anns, *eves):
        path.write_bytes(b"some words " * 1000)
        path.chmod(0o666)
    with Watcher() as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),), budget_bytes=60_000))
        for account, paths in (("4001", [anns]), ("4002", eves)):
            command = [sys.executable, "-I", "-c", code, account, *(path.name for path in paths)]
            subprocess.run(command, check=True, cwd=documents)  # what is above is not theirs to enter
        told = watcher.wait_for("Scarce")
        assert told is not None
        assert told["uid"] == 4002
        assert "account 4002's share" in told["why"].lower()
    kept = {
        deed.path: deed.copy for deed in stage.deeds() if deed.copy and Path(stage.store, "copies", deed.copy).exists()
    }
    assert kept[str(anns)].endswith(".4001")
    assert str(eves[-1]) in kept
    assert str(eves[0]) not in kept
