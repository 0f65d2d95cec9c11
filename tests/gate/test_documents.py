"""Tests of the System Watcher in the gate: real attacks on a real volume, stopped and undone."""

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from garrison.linux.fanotify import features
from garrison.wire.watching import Did, Documents
from tests.gate import attacks
from tests.gate.staging import COUNT, MOST_TOUCHED, Stage, alarm_of, differing
from tests.gate.volumes import Watcher, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")


@pytest.mark.parametrize(("shape", "masked", "zipped"), attacks.TRIED)
def test_an_attack_is_stopped_early_and_undone_whole(
    shape: str, masked: tuple[str, ...], zipped: bool, documents: Path, stage: Stage
) -> None:
    made = attacks.make_documents(documents, COUNT, zipped)
    status = {path: os.stat(path) for path in made}
    with Watcher(*masked) as watcher:
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        with subprocess.Popen(
            attacks.command(shape, documents), stderr=subprocess.DEVNULL, start_new_session=True
        ) as attack:
            alarm = alarm_of(watcher)
            touched = differing(made)
            most = MOST_TOUCHED + (shape == "renames-first")  # the fourth has another name, and its content
            assert 0 < len(touched) <= most
            assert alarm.stopped["processes"]
            assert alarm.stopped["left"] == {}
            outcome = stage.undo(alarm)
            assert outcome.failed == {}
            assert attack.poll() is None  # stopped, and there until it is decided about
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            assert attack.wait(10) != 0
        assert differing(made) == []
        for path, before in status.items():
            after = os.stat(path)
            assert (after.st_mode, after.st_uid, after.st_mtime_ns) == (
                before.st_mode,
                before.st_uid,
                before.st_mtime_ns,
            )
        assert sorted(str(each) for each in documents.rglob("*") if each.is_file()) == sorted(made)


@pytest.mark.parametrize("shape", ["in-place", "new+unlink", "rename-over", "renames-first"])
def test_what_somebody_else_puts_there_meanwhile_is_kept(shape: str, documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        with subprocess.Popen(attacks.command(shape, documents), stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            first = Path(differing(made)[0])
            fresh = first.with_name("fresh")
            fresh.write_bytes(b"of somebody else")
            fresh.replace(first)
            outcome = stage.undo(alarm)
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            attack.wait(10)
    assert outcome.failed == {}
    assert differing(made) == [str(first)]
    assert first.read_bytes() == b"of somebody else"
    assert outcome.beside == {str(first): f"{first}.restored-{alarm.id}"}
    assert Path(outcome.beside[str(first)]).read_bytes() == made[str(first)]


def test_a_false_alarm_goes_on_where_it_was_stopped(documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        patient = (
            attacks.COMMON.replace("names =", "import time\nnames =")
            + """
for path in names:
    while True:
        try:
            with open(path, "r+b") as file:
                content = file.read()
                file.seek(0)
                file.write(scrambled(content))
            break
        except PermissionError:
            time.sleep(0.05)
"""
        )
        with subprocess.Popen([sys.executable, "-c", patient, str(documents)]) as attack:
            alarm = alarm_of(watcher)
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "release"}))
            assert attack.wait(20) == 0
        assert len(differing(made)) == COUNT
        assert watcher.wait_for("Alarm", 0.2) is None


def test_the_sensitivity_says_after_how_many_files(documents: Path, stage: Stage) -> None:
    for threshold in (2.0, 6.0):
        made = attacks.make_documents(documents, COUNT)
        with Watcher() as watcher:
            plan = Documents(stage.store, (str(documents / "part0"),), threshold=threshold)
            watcher.go_by(plan)
            with subprocess.Popen(
                attacks.command("in-place", documents / "part0"), stderr=subprocess.DEVNULL
            ) as attack:
                alarm = alarm_of(watcher)
                assert len(differing(made)) == threshold
                watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
                attack.wait(10)


def test_a_budget_that_is_too_small_is_said(documents: Path, stage: Stage) -> None:
    for number in range(6):
        (documents / f"{number}.txt").write_bytes(b"some words " * 1000)
    with Watcher() as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),), budget_bytes=40_000))
        code = "import sys\nfor path in sys.argv[1:]:\n    open(path, 'ab').write(b'and more')"
        paths = sorted(str(each) for each in documents.iterdir())
        subprocess.run([sys.executable, "-c", code, *paths], check=True)
        told = watcher.wait_for("Scarce")
        assert told is not None
        assert told["dropped"]
        assert stage.rewinding.copies_bytes() <= 40_000
        (documents / "large").write_bytes(bytes(30_000))
        subprocess.run([sys.executable, "-c", code, str(documents / "large")], check=True)
        told = watcher.wait_for("Scarce")
        assert told is not None
        assert told["path"] == str(documents / "large")


def test_the_journal_says_what_a_program_touched(documents: Path, stage: Stage) -> None:
    (documents / "letter.txt").write_bytes(b"dear " * 100)
    (documents / "old.txt").write_bytes(b"dear " * 100)
    code = """
import os, sys, time
os.chdir(sys.argv[1])
open("letter.txt", "ab").write(b"sir")
open("fresh.txt", "wb").write(b"hello")
os.mkdir("below")
time.sleep(0.2)
open("below/deep.txt", "wb").write(b"hello")
os.rename("fresh.txt", "below/fresh.txt")
open("old.txt").read()
os.unlink("old.txt")
"""
    with Watcher() as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),)))
        with subprocess.Popen([sys.executable, "-c", code, str(documents)]) as program:
            assert program.wait(20) == 0
        time.sleep(0.1)
    mine = [deed for deed in stage.deeds() if deed.process.startswith(f"{program.pid}.")]
    did = {(deed.did, os.path.relpath(deed.path, documents)) for deed in mine}
    assert {
        (Did.CHANGED, "letter.txt"), (Did.CREATED, "fresh.txt"), (Did.RENAMED, "fresh.txt"), (Did.DELETED, "old.txt"),
    } <= did  # fmt: skip
    assert all(deed.program == os.path.realpath(sys.executable) for deed in mine)
    assert next(deed for deed in mine if deed.did is Did.DELETED).copy


def test_who_was_stopped_is_still_known_after_a_crash(documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    plan = Documents(stage.store, (str(documents),))
    with Watcher() as watcher:
        watcher.go_by(plan)
        with subprocess.Popen(attacks.command("in-place", documents), stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            watcher.kill()
            time.sleep(0.2)
            assert attack.poll() is None
            with Watcher() as another:
                another.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
                assert attack.wait(10) == -9
    assert stage.undo(alarm).failed == {}
    assert differing(made) == []
    assert stage.rewinding.alarm(alarm.id).decision == "end"


def test_private_folders_within_a_protected_one_are_left_alone(documents: Path, stage: Stage) -> None:
    private = documents / "private"
    private.mkdir()
    made = attacks.make_documents(private, COUNT)
    with Watcher() as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),)), private)
        subprocess.run(attacks.command("in-place", private), check=True)
    assert len(differing(made)) == COUNT
    assert stage.deeds() == []


def test_what_starts_by_itself_is_taken_away_with_the_rest(documents: Path, ext4: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    starts = ext4 / "autostart"
    starts.mkdir(exist_ok=True)
    (starts / "mine.desktop").write_bytes(b"[Desktop Entry]\nExec=mail\n")
    code = f"""
import pathlib
starts = pathlib.Path({str(starts)!r})
(starts / "evil.desktop").write_text("[Desktop Entry]\\nExec=evil\\n")
(starts / "mine.desktop").write_text("[Desktop Entry]\\nExec=evil\\n")
"""
    command = attacks.command("in-place", documents)
    command[3] = code + command[3]
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),), traces=(str(starts),))
        watcher.go_by(plan)
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            preview = stage.undo(alarm, really=False)
            assert (starts / "evil.desktop").exists()
            outcome = stage.undo(alarm)
            assert preview == outcome
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            attack.wait(10)
    assert str(starts / "evil.desktop") in outcome.quarantined
    assert [each.name for each in starts.iterdir()] == ["mine.desktop"]
    assert b"mail" in (starts / "mine.desktop").read_bytes()
    assert differing(made) == []


@pytest.mark.skipif(not features().pre_access, reason="the kernel asks nobody before a truncation")
def test_reading_is_not_copied_where_the_kernel_asks_before_a_truncation(documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    with Watcher() as watcher:
        watcher.go_by(Documents(stage.store, (str(documents),)))
        subprocess.run(["cat", *made], check=True, stdout=subprocess.DEVNULL)
    assert stage.rewinding.copies_bytes() == 0


ORPHANS = """
import os, subprocess, sys, time
one = '''
import os, sys, time
os.setsid()
parent = os.getpid()
if os.fork():
    os._exit(0)
while os.getppid() == parent:
    time.sleep(0.001)
path = sys.argv[1]
with open(path, "r+b") as file:
    content = file.read()
    file.seek(0)
    file.write(os.urandom(len(content)))
'''
patience = 5
for path in names:
    before = os.stat(path).st_mtime_ns
    subprocess.run([sys.executable, "-I", "-c", one, path])
    until = time.monotonic() + patience  # one after the other: many at once would all be at their first file
    while os.stat(path).st_mtime_ns == before and time.monotonic() < until:
        time.sleep(0.01)
    if os.stat(path).st_mtime_ns == before:
        patience = 0.1  # it was stopped, and those to come will be
    time.sleep(0.05)
"""


def test_nobody_else_is_stopped_with_orphans_in_sessions_of_their_own(documents: Path, stage: Stage) -> None:
    """One process a file, each alone in a session and without a parent: what they share is only their program."""
    made = attacks.make_documents(documents, COUNT)
    with (
        Watcher() as watcher,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True) as other,
    ):
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        command = attacks.command("in-place", documents)
        command[3] = attacks.COMMON + ORPHANS
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            assert str(other.pid) not in alarm.stopped["processes"]
            assert str(os.getpid()) not in alarm.stopped["processes"]
            attack.wait(30)
        assert len(differing(made)) <= MOST_TOUCHED
        watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
        assert stage.undo(alarm).failed == {}
        assert differing(made) == []
        other.kill()


def test_a_store_that_cannot_be_is_said_and_tried_again(documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    Path(stage.store, "copies").write_bytes(b"in the way")
    plan = Documents(stage.store, (str(documents),))
    with Watcher() as watcher:
        assert "copies cannot be kept" in watcher.go_by(plan)["refused"][str(documents)]
        Path(stage.store, "copies").unlink()
        assert watcher.go_by(plan)["refused"] == {}
        with subprocess.Popen(attacks.command("in-place", documents), stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            assert len(differing(made)) == MOST_TOUCHED
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            attack.wait(10)


def test_who_was_released_is_left_alone_after_a_crash_too(documents: Path, stage: Stage) -> None:
    made = attacks.make_documents(documents, COUNT)
    plan = Documents(stage.store, (str(documents),))
    slow = (
        attacks.COMMON.replace("names =", "import time\nnames =")
        + """
for path in names:
    time.sleep(0.1)
    while True:
        try:
            with open(path, "r+b") as file:
                content = file.read()
                file.seek(0)
                file.write(scrambled(content))
            break
        except PermissionError:
            time.sleep(0.05)
"""
    )
    with Watcher() as watcher:
        watcher.go_by(plan)
        with subprocess.Popen([sys.executable, "-c", slow, str(documents)]) as attack:
            alarm = alarm_of(watcher)
            released = dataclasses.replace(plan, decided={alarm.id: "release"})
            watcher.go_by(released)
            watcher.kill()
            with Watcher() as another:
                another.go_by(released)
                assert attack.wait(30) == 0
                assert another.wait_for("Alarm", 0.2) is None
    assert len(differing(made)) == COUNT


@pytest.mark.parametrize("shape", ["in-place", "renames-first"])
def test_paths_of_a_namespace_of_their_own_are_never_believed(
    shape: str, documents: Path, stage: Stage, tmp_path: Path
) -> None:
    made = attacks.make_documents(documents, COUNT)
    decoy = tmp_path.resolve() / "etc"
    decoy.mkdir()
    script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(documents), str(decoy)]
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),))
        watcher.go_by(plan)
        with subprocess.Popen([*command, *attacks.command(shape, decoy)], stderr=subprocess.DEVNULL) as attack:
            alarm = alarm_of(watcher)
            outcome = stage.undo(alarm)
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            assert attack.wait(10) != 0
    assert outcome.failed == {}
    assert differing(made) == []
    assert not any(deed.path.startswith(f"{decoy}/") or deed.to.startswith(f"{decoy}/") for deed in stage.deeds())
    assert list(decoy.iterdir()) == []
