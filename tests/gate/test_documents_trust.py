"""Tests of trusted programs on a real volume: what they may, and when they are trusted no more."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from garrison.wire.watching import Documents
from tests.gate import attacks
from tests.gate.staging import COUNT, MOST_TOUCHED, Stage, alarm_of, differing
from tests.gate.volumes import Watcher, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")


def test_a_trusted_program_and_one_that_is_only_told_of_go_on(documents: Path, stage: Stage) -> None:
    program = os.path.realpath(sys.executable)
    status = os.stat(program)
    if status.st_uid or status.st_mode & 0o022:
        pytest.skip("the Python here is not root's own")
    for plan, alarms in (
        (Documents(stage.store, (str(documents),), trusted=(program,)), 0),
        (Documents(stage.store, (str(documents),), stops=False), 1),
    ):
        made = attacks.make_documents(documents, COUNT)
        with Watcher() as watcher:
            watcher.go_by(plan)
            subprocess.run(attacks.command("in-place", documents), check=True)
            assert len(differing(made)) == COUNT
            told = watcher.wait_for("Alarm", 0.5)
            assert (told is not None) == bool(alarms)
            assert told is None or told["stopped"] == {}
            assert watcher.wait_for("Alarm", 0.2) is None


@pytest.mark.parametrize("variable", ["LD_PRELOAD", "LD_AUDIT", "LD_LIBRARY_PATH"])
def test_a_trusted_program_that_runs_itself_again_with_foreign_code_is_stopped(
    variable: str, documents: Path, stage: Stage, tmp_path: Path
) -> None:
    program = os.path.realpath(sys.executable)
    status = os.stat(program)
    if status.st_uid or status.st_mode & 0o022:
        pytest.skip("the Python here is not root's own")
    made = attacks.make_documents(documents, COUNT)
    library = next(path for path in Path("/usr/lib").rglob("libz.so.1") if path.is_file())
    foreign = tmp_path / "libforeign.so"
    shutil.copyfile(library, foreign)
    os.chown(foreign, 4242, 4242)
    value = {"LD_PRELOAD": library, "LD_AUDIT": library, "LD_LIBRARY_PATH": tmp_path}[variable]
    again = f"""
import ctypes, os, sys
with open(sys.argv[2], "ab") as file:  # it is known from here on
    file.write(b"more")
os.environ[{variable!r}] = {str(value)!r}
os.execv(sys.executable, [sys.executable, "-c", sys.argv[3], sys.argv[1]])
"""
    attack = attacks.COMMON + attacks.SHAPES["in-place"]
    if variable == "LD_LIBRARY_PATH":
        attack = "import ctypes; ctypes.CDLL('libforeign.so')\n" + attack
    (documents / "letter").write_bytes(b"dear " * 50)
    with Watcher() as watcher:
        plan = Documents(stage.store, (str(documents),), trusted=(program,))
        watcher.go_by(plan)
        command = [program, "-c", again, str(documents), str(documents / "letter"), attack]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
            alarm = alarm_of(watcher)
            watcher.go_by(dataclasses.replace(plan, decided={alarm.id: "end"}))
            running.wait(20)
    assert len(differing(made)) <= MOST_TOUCHED
