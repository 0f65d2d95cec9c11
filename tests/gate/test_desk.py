"""Every part of the plan does what it says, and no answer is left out."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from garrison.wire.guarding import Found, Hello, Late, Occasion, Plan, Standing, Types, Unexamined
from tests.engine.samples import EICAR
from tests.gate.conftest import HARMFUL
from tests.gate.live import Live, database, is_denied, volume, wait_until

SHORT = 0.3


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("disk"), "tmpfs") as mounted:
        yield mounted


@pytest.fixture
def place(live: Live, disk: Path, usual: Plan) -> Path:
    live.plan = usual
    return Path(tempfile.mkdtemp(dir=disk))


def written(folder: Path, name: str = "evil", content: bytes = EICAR) -> Path:
    """Write a file that the gate does not know yet."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_gate_that_only_observes_tells_and_refuses_nothing(live: Live, disk: Path, place: Path) -> None:
    path = written(place)
    standing = live.watch(disk, observes=True)
    assert standing.watched == {str(disk): "telling"}
    assert not is_denied(path)
    assert not live.wait_for_found(path).blocked


@pytest.mark.parametrize(
    ("changes", "denied"),
    [
        ({}, True),
        ({"masks": ("*.skipped",)}, False),
        ({"masks": ("*.other",)}, True),
        ({"names": ("EICAR-*",)}, False),
        ({"names": ("Other-*",)}, True),
        ({"hashes": ("275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f",)}, False),
        ({"hashes": ("0" * 64,)}, True),
        ({"programs": (os.path.realpath(sys.executable),)}, False),
        ({"programs": ("/usr/bin/other",)}, True),
        ({"types": Types.EXTENSION}, False),
        ({"types": Types.FORMAT}, True),
        ({"occasions": (Occasion.RUN, Occasion.CHANGE)}, False),
        ({"skip_over_bytes": 10}, False),
    ],
)
def test_what_the_plan_leaves_out_passes(
    live: Live, disk: Path, place: Path, changes: dict[str, Any], denied: bool
) -> None:
    path = written(place, "evil.skipped")
    live.watch(disk, **changes)
    assert is_denied(path) is denied


def test_a_program_is_not_trusted_for_a_name_that_it_has_in_a_namespace_of_its_own(
    live: Live, disk: Path, place: Path, tmp_path: Path
) -> None:
    path = written(place)
    trusted = tmp_path / "trusted"
    shutil.copy("/bin/cat", trusted)
    other = Path(shutil.copy("/bin/cat", tmp_path / "other"))
    live.watch(disk, programs=(str(trusted),))
    assert subprocess.run([trusted, path], capture_output=True, check=False).stdout == EICAR
    script = 'mount --bind "$1" "$2" && "$2" "$3"'
    posing = ["unshare", "-m", "sh", "-c", script, "sh", *map(str, (other, trusted, path))]
    done = subprocess.run(posing, capture_output=True, check=False)
    assert (done.stdout, b"not permitted" in done.stderr) == (b"", True)


def test_only_runs_are_asked_about_when_the_plan_says_so(live: Live, disk: Path, place: Path) -> None:
    program = written(place, "program", HARMFUL)
    program.chmod(0o755)
    live.watch(disk, occasions=(Occasion.RUN,))
    assert not is_denied(program)
    with pytest.raises(PermissionError):
        subprocess.run([program], check=False)
    live.wait_for(Found, lambda fact: (fact.path, fact.occasion) == (str(program), Occasion.RUN))


def test_a_name_that_is_no_text_is_told_as_it_is(live: Live, disk: Path, place: Path) -> None:
    live.watch(disk)
    path = written(place, os.fsdecode(b"evil\xff\n"))
    assert live.wait_for_found(path).path == str(path)
    assert is_denied(path)


def test_a_risky_name_is_examined_when_names_count(live: Live, disk: Path, place: Path) -> None:
    path = written(place, "evil.com")
    live.watch(disk, types=Types.EXTENSION)
    assert is_denied(path)


def test_a_picture_is_passed_over_when_the_format_counts(live: Live, disk: Path, place: Path) -> None:
    path = written(place, "picture", b"\xff\xd8\xff" + b"x" * 5000)
    asked = live.watch(disk, types=Types.FORMAT).counts["asked"]
    assert not is_denied(path)
    assert live.watch(disk, types=Types.ALL).counts["asked"] == asked
    assert not is_denied(path)
    assert live.watch(disk, deadline_seconds=7.0).counts["asked"] == asked + 1


def test_a_private_folder_is_never_asked_about(live: Live, disk: Path, place: Path) -> None:
    (place / "deep").mkdir()
    path = written(place / "deep")
    live.watch(disk, private=(str(place),))
    assert not is_denied(path)


def test_a_large_file_passes_and_is_examined_afterwards(live: Live, disk: Path, place: Path) -> None:
    path = written(place)
    live.watch(disk, skip_over_bytes=10)
    assert not is_denied(path)
    assert live.wait_for(Unexamined).why == "too large"
    assert not live.wait_for_found(path).blocked
    assert is_denied(path)  # by now it is known


def test_changes_are_not_examined_when_that_is_not_wished(live: Live, disk: Path, place: Path) -> None:
    live.watch(disk, occasions=(Occasion.OPEN,))
    path = written(place)
    assert is_denied(path)
    assert live.wait_for_found(path).occasion is Occasion.OPEN


@pytest.mark.parametrize("late", list(Late))
def test_a_late_verdict_is_answered_by_the_plan_and_comes_all_the_same(
    live: Live, disk: Path, place: Path, late: Late
) -> None:
    path = written(place)
    live.watch(disk, late=late, deadline_seconds=SHORT)
    stopped = live.below()
    for process in stopped:
        os.kill(process, signal.SIGSTOP)
    try:
        began = time.monotonic()
        assert is_denied(path) is (late is Late.DENY)
        assert SHORT <= time.monotonic() - began < 2
        fact = live.wait_for(Unexamined)
        assert (fact.path, fact.why, fact.blocked) == (str(path), "late", late is Late.DENY)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    assert not live.wait_for_found(path).blocked


def test_all_who_open_a_file_at_a_time_have_the_one_verdict(live: Live, disk: Path, place: Path) -> None:
    path = written(place)
    before = live.watch(disk).counts["examined"]
    openers = [subprocess.Popen(["cat", path], stderr=subprocess.PIPE) for _ in range(6)]
    assert all(b"not permitted" in opener.communicate()[1] for opener in openers)
    assert live.watch(disk, deadline_seconds=7.5).counts["examined"] - before <= 6


def test_one_accounts_many_files_delay_another_by_a_turn(live: Live, disk: Path, place: Path) -> None:
    text = os.urandom(80_000).hex().encode()
    many = [written(place, f"many{number}", b"%d" % number + text) for number in range(50)]
    own = written(place, "own", text[:90_000])
    for path, owner in ((own, 41_002), *((path, 41_001) for path in many)):
        os.chown(path, owner, 0)
    live.watch(disk)
    with ThreadPoolExecutor(len(many)) as crowd:
        waiting = [crowd.submit(is_denied, path) for path in many]
        wait_until(lambda: any(each.done() for each in waiting))
        assert not is_denied(own)
        assert sum(each.done() for each in waiting) < len(many) / 2


def test_the_daemon_is_not_asked(live: Live, disk: Path, place: Path) -> None:
    path = written(place)
    live.watch(disk)
    assert is_denied(path)
    speaking = live.order(Hello(()))
    try:
        wait_until(lambda: not is_denied(path), 5)
        assert subprocess.run(["cat", path], capture_output=True, check=False).returncode != 0
    finally:
        speaking.close()
        subprocess.run([sys.executable, "-c", _SAY_HELLO, str(live.folder / "keeper.sock")], check=True)
    wait_until(lambda: is_denied(path), 5)


_SAY_HELLO = """
import socket, sys
with socket.socket(socket.AF_UNIX) as speaking:
    speaking.connect(sys.argv[1])
    speaking.sendall(b'{"order":"hello","command":[]}' + bytes([10]))
"""


def test_nonsense_for_a_plan_changes_nothing_and_is_told(live: Live, disk: Path, place: Path) -> None:
    path = written(place)
    live.watch(disk)
    assert live._socket is not None
    live._socket.sendall(b'{"no": "plan"}\n')
    assert "no plan" in live.wait_for(Standing, lambda fact: "" in fact.refused).refused[""]
    assert is_denied(path)


def test_databases_that_change_are_asked_again(live: Live, disk: Path, place: Path, tmp_path: Path) -> None:
    path = written(place, "later", b"harmless so far")
    live.watch(disk)
    assert not is_denied(path)
    digest = hashlib.sha256(b"harmless so far").hexdigest()
    fresh = database(tmp_path, f"{digest}:15:Later.Thing:test\n".encode())
    live.watch(disk, examining=replace(live.plan.examining, databases=str(fresh)))
    wait_until(lambda: is_denied(path), 10)
    assert live.wait_for(Found, lambda fact: fact.blocked).untrusted_verdict["findings"][0][0] == "Later.Thing"
