"""Tests of telling who a process is."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from garrison.linux.lineage import ancestors, command_of, look, start_of, table


def test_this_process_is_told_whole() -> None:
    found = look(os.getpid())
    assert found is not None
    assert (found.parent, found.session, found.uid) == (os.getppid(), os.getsid(0), os.geteuid())
    assert found.program == os.path.realpath("/proc/self/exe")
    assert found.name == f"{os.getpid()}.{start_of(os.getpid())}"


def test_a_thread_is_told_as_its_process() -> None:
    found = []
    thread = threading.Thread(target=lambda: found.append(look(threading.get_native_id())))
    thread.start()
    thread.join()
    assert found == [look(os.getpid())]


def begun(*command: str, **options: Any) -> "subprocess.Popen[bytes]":
    """Start a program, and wait until the kernel has made all of it: its command and its environment come last."""
    child = subprocess.Popen(command, **options)
    until = time.monotonic() + 10
    while not Path(f"/proc/{child.pid}/cmdline").read_bytes() and time.monotonic() < until:
        time.sleep(0.001)
    return child


def test_a_child_descends_from_this_process() -> None:
    with begun("sleep", "60") as child:
        process = look(child.pid)
        assert process is not None
        assert [each.pid for each in ancestors(process)][:2] == [child.pid, os.getpid()]
        assert table()[child.pid][0] == os.getpid()
        assert command_of(child.pid) == "sleep 60"
        child.kill()
    assert look(child.pid) is None
    assert start_of(child.pid) is None
    assert command_of(child.pid) == ""


def test_what_has_something_loaded_into_it_is_not_sound() -> None:
    for added, is_sound in (({}, True), ({"LD_PRELOAD": "libc.so.6"}, False), ({"X_LD_PRELOAD": "y"}, True)):
        with begun("/bin/sleep", "60", env={"PATH": "/bin", **added}) as child:
            process = look(child.pid)
            child.kill()
        owner = os.stat("/bin/sleep").st_uid
        assert process is not None
        assert process.is_sound == (is_sound and owner == 0)


def test_a_program_that_its_user_owns_is_not_sound(tmp_path: object) -> None:
    code = "import os, sys; sys.stdin.read()"
    with begun(sys.executable, "-c", code, stdin=subprocess.PIPE) as child:
        process = look(child.pid)
        assert process is not None
        status = os.stat(f"/proc/{child.pid}/exe")
        assert process.is_sound == (status.st_uid == 0 and not status.st_mode & 0o022)
        child.kill()


def test_what_is_loaded_behind_a_long_environment_is_seen() -> None:
    padding = {f"P{number}": "x" * 100_000 for number in range(12)}
    with begun("/bin/sleep", "60", env={**padding, "LD_PRELOAD": "libc.so.6"}) as child:
        while not Path(f"/proc/{child.pid}/environ").read_bytes():  # the kernel is not done with starting it
            time.sleep(0.001)
        process = look(child.pid)
        child.kill()
    assert process is not None
    assert not process.is_sound


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount")
@pytest.mark.parametrize("name", ["smbd", "smbd (deleted)"])
def test_a_program_that_has_its_name_only_in_a_namespace_is_not_sound(tmp_path: Path, name: str) -> None:
    place = tmp_path.resolve() / name
    place.touch()
    script = 'mount --bind /bin/sleep "$1" && exec "$1" 60'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(place)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        until = time.monotonic() + 10
        process = look(child.pid)
        while child.poll() is None and time.monotonic() < until:
            process = look(child.pid)
            if process is not None and process.program == str(place).removesuffix(" (deleted)"):
                break
            time.sleep(0.01)
        if child.poll() is not None:
            pytest.skip("nothing may be mounted here")
        child.kill()
    assert process is not None
    assert os.path.basename(process.program) == "smbd"
    assert not process.is_sound
