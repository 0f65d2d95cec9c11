import os
import platform
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from garrison.linux import sandbox
from tests.worker import probe

PROBE = Path(probe.__file__)
MODES = [
    pytest.param("root", marks=pytest.mark.skipif(os.geteuid() != 0, reason="needs root")),
    "ordinary",
    "bare",
]
KILLED = [
    "socket",
    "unix socket",
    "connect",
    "bind",
    "descriptor",
    "fork",
    "thread",
    "execute",
    "trace",
    "read memory",
    "signal",
    "signal thread",
    "kill itself",
    "keep a copy elsewhere",
    "map code",
    "turn into code",
    "dumpable",
    "become root",
    "unshare",
    "mount",
    "unlink",
    "io_uring",
    "bpf",
    "pidfd",
]
REFUSED = [
    "open",
    "create",
    "list",
    "look",
    "link",
    "memfd",
    "ioctl",
    "signals of others",
    "raise limits",
    "memory",
    "keep a copy",
    "keep an old-fashioned copy",
    "other descriptor",
    "load module",
]
DONE = ["nothing", "some memory", "protect", "begin a thread"]


def tried(what: str, mode: str, kept: int | None = None) -> int:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-I", str(PROBE), what, mode]
        done = subprocess.run(
            command, stdin=theirs.fileno() if kept is None else kept, check=False, capture_output=True
        )
    assert done.stderr == b""
    return done.returncode


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", KILLED)
def test_an_attack_kills_the_worker(what: str, mode: str) -> None:
    assert tried(what, mode) == -signal.SIGSYS


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", REFUSED)
def test_what_a_library_may_ask_for_is_refused(what: str, mode: str) -> None:
    assert tried(what, mode) == probe.REFUSED


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("what", DONE)
def test_what_examining_needs_works(what: str, mode: str) -> None:
    assert tried(what, mode) == probe.DONE


@pytest.mark.parametrize("mode", MODES)
def test_an_abort_shows_as_one(mode: str) -> None:
    assert tried("abort", mode) == -signal.SIGABRT


@pytest.mark.parametrize("mode", MODES)
def test_a_descriptor_open_for_writing_still_writes_nothing(mode: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        assert tried("write file", mode, descriptor) == probe.REFUSED
    finally:
        os.close(descriptor)
    assert file.read_bytes() == b""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="only x86_64 has further call interfaces")
@pytest.mark.parametrize("what", ["x32", "i386"])
def test_another_call_interface_is_no_way_round(what: str) -> None:
    assert tried(what, "ordinary") == -signal.SIGSYS


class Looked:
    """What /proc says of a process whose sandbox is closed."""

    def __init__(self, mode: str) -> None:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", str(PROBE), "wait", mode]
        with ours, theirs, subprocess.Popen(command, stdin=theirs.fileno()) as process:
            assert ours.recv(16) == b"closed"
            proc = Path(f"/proc/{process.pid}")
            self.status = dict(re.findall(r"^(\w+):[ \t]*(.*)$", (proc / "status").read_text("utf-8"), re.MULTILINE))
            self.limits = (proc / "limits").read_text("utf-8")
            self.net = str((proc / "ns" / "net").readlink()) if os.geteuid() == 0 else ""
            self.descriptors = list((proc / "fd").iterdir()) if os.geteuid() == 0 else []
            self.interfaces = (proc / "net" / "dev").read_text("utf-8") if os.geteuid() == 0 else ""
            ours.send(b"x")
        assert process.returncode == 0


@pytest.mark.parametrize("mode", MODES)
def test_no_rights_are_left(mode: str) -> None:
    looked = Looked(mode)
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(looked.status[name], 16) == 0
    assert looked.status["NoNewPrivs"] == "1"
    assert looked.status["Seccomp"] == "2"
    assert mode != "root" or looked.status["Groups"].strip() == ""
    for name, most in {"core file size": "0", "file size": "0", "processes": "0", "open files": "64"}.items():
        assert re.search(rf"Max {name}\s+{most}\s+{most}\s", looked.limits)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_becomes_nobody_without_a_network() -> None:
    looked = Looked("root")
    user, group = sandbox.worker_account()
    assert looked.status["Uid"].split() == [str(user)] * 4
    assert looked.status["Gid"].split() == [str(group)] * 4
    assert int(looked.status["CapBnd"], 16) == 0
    assert looked.net != str(Path("/proc/self/ns/net").readlink())
    assert re.findall(r"^\s*(\w+):", looked.interfaces, re.MULTILINE) in (["lo"], [])
    assert len(looked.descriptors) == 4


def test_the_account_is_nobody_elses() -> None:
    user, group = sandbox.worker_account()
    assert user not in {0, 65534, os.getuid()}
    assert group != 0
