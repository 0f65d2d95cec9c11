"""Tests of telling who a process is."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garrison.linux.lineage import ancestors, command_of, is_tampered, look, start_of, table

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into other programs, or mount")


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


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is so, ten seconds at the most."""
    until = time.monotonic() + 10
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


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


@only_root
@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ({}, False),
        ({"LD_PRELOAD": "libc.so.6"}, True),
        ({"LD_AUDIT": "libc.so.6"}, True),
        ({"X_LD_PRELOAD": "y"}, False),
        ({"LD_LIBRARY_PATH": "/nowhere"}, False),
    ],
)
def test_what_has_something_loaded_into_it_is_tampered_with(added: dict[str, str], expected: bool) -> None:
    with begun("/bin/sleep", "60", env={"PATH": "/bin", **added}) as child:
        assert is_tampered(child.pid) == expected
        child.kill()
    assert is_tampered(child.pid)  # it cannot be told any more


def own_library() -> Path:
    lines = Path("/proc/self/maps").read_text("utf-8").splitlines()
    return Path(next(line.split()[-1] for line in lines if "/libc.so" in line or "/libc-" in line))


@only_root
@pytest.mark.parametrize(("owner", "mode", "expected"), [(0, 0o644, False), (4242, 0o644, True), (0, 0o666, True)])
def test_code_of_files_that_are_not_roots_alone_is_seen_however_it_came_in(
    tmp_path: Path, owner: int, mode: int, expected: bool
) -> None:
    if os.statvfs(tmp_path).f_flag & os.ST_NOSUID:
        pytest.skip("here all is mounted nosuid")
    library = tmp_path / "libc.so.6"
    shutil.copyfile(own_library(), library)
    library.chmod(mode)
    os.chown(library, owner, owner)
    with begun("/bin/sleep", "60", env={"LD_LIBRARY_PATH": str(tmp_path)}) as child:
        try:
            wait_for(lambda: str(library) in Path(f"/proc/{child.pid}/maps").read_text("utf-8"))
            assert is_tampered(child.pid) == expected
        finally:
            child.kill()


@only_root
def test_what_somebody_mounted_is_not_roots_whoever_owns_it(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o nosuid none "$1" && cp /bin/sleep "$1/smbd" && exec "$1/smbd" 60'
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(tmp_path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        try:
            wait_for(lambda: os.readlink(f"/proc/{child.pid}/exe").endswith("/smbd"))
        except (AssertionError, OSError):
            pytest.skip("nothing may be mounted here")
        process = look(child.pid)
        assert is_tampered(child.pid)
        child.kill()
    assert process is not None
    assert not process.is_sound


@only_root
def test_a_process_that_another_one_traces_is_tampered_with() -> None:
    attach = "import ctypes, sys; ctypes.CDLL(None).ptrace(0x4206, int(sys.argv[1]), 0, 0); print(flush=True); input()"
    with begun("/bin/sleep", "60") as child:
        command = [sys.executable, "-I", "-c", attach, str(child.pid)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as tracer:
            assert tracer.stdout is not None
            tracer.stdout.readline()
            assert is_tampered(child.pid)
            tracer.kill()
        assert not is_tampered(child.pid)
        child.kill()


def test_a_program_that_its_user_owns_is_not_sound(tmp_path: object) -> None:
    code = "import os, sys; sys.stdin.read()"
    with begun(sys.executable, "-c", code, stdin=subprocess.PIPE) as child:
        process = look(child.pid)
        assert process is not None
        status = os.stat(f"/proc/{child.pid}/exe")
        is_nosuid = bool(os.statvfs(f"/proc/{child.pid}/exe").f_flag & os.ST_NOSUID)
        assert process.is_sound == (status.st_uid == 0 and not status.st_mode & 0o022 and not is_nosuid)
        child.kill()


@only_root
def test_what_is_loaded_behind_a_long_environment_is_seen() -> None:
    padding = {f"P{number}": "x" * 100_000 for number in range(12)}
    with begun("/bin/sleep", "60", env={**padding, "LD_PRELOAD": "libc.so.6"}) as child:
        wait_for(lambda: bool(Path(f"/proc/{child.pid}/environ").read_bytes()))  # the kernel is not done before
        assert is_tampered(child.pid)
        child.kill()


@only_root
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
