"""What a process that serves others can still do, tried by one that is confined so."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from garrison.linux import landlock, listening, seccomp
from garrison.linux.syscalls import AARCH64, X86_64, architecture

TRY = """
import os, socket, sys
from garrison.linux import listening
folder = os.open(sys.argv[1], os.O_RDONLY | os.O_DIRECTORY)
door = socket.create_server(("127.0.0.1", 0))
visitor = socket.create_connection(door.getsockname())
listening.confine(os.getppid(), folder)
def tried(what, *arguments, **more):
    try:
        what(*arguments, **more)
    except OSError as error:
        return type(error).__name__
    return "done"
print(
    tried(door.accept),
    tried(os.open, "file", os.O_RDONLY, dir_fd=folder),
    tried(os.open, "file", os.O_WRONLY, dir_fd=folder),
    tried(os.open, "new", os.O_WRONLY | os.O_CREAT, dir_fd=folder),
    tried(socket.socket, socket.AF_INET, socket.SOCK_STREAM),
    tried(socket.socket, socket.AF_UNIX, socket.SOCK_STREAM),
    tried(visitor.connect, door.getsockname()),
    tried(os.fork),
    tried(os.execv, "/bin/true", ["true"]),
    tried(os.kill, os.getppid(), 0),
    tried(open, sys.argv[1] + ".beside"),
    tried(open, "/etc/passwd"),
)
"""
REFUSED = "PermissionError"


@pytest.mark.skipif(architecture() is None, reason="this processor has no call filter")
@pytest.mark.skipif(landlock.version() < 2, reason="the kernel has no Landlock, or an old one")
def test_it_serves_its_folder_and_can_do_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "served"
    folder.mkdir()
    folder.chmod(0o755)
    for path in (folder / "file", tmp_path / "served.beside"):
        path.write_bytes(b"x")
        path.chmod(0o644)
    command = [sys.executable, "-c", TRY, str(folder)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert told == [
        "done",
        "done",
        REFUSED,
        REFUSED,
        "OSError",
        "OSError",
        REFUSED,
        REFUSED,
        REFUSED,
        REFUSED,
        *2 * [REFUSED],
    ]


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_every_refused_call_is_known_by_its_number(machine: object) -> None:
    known = X86_64 if machine is X86_64 else AARCH64
    missing = [name for name in listening.REFUSED if name not in known.numbers]
    assert missing == ([] if known is X86_64 else ["fork", "vfork"])
    steps = seccomp.program_without(known, dict.fromkeys(listening.REFUSED, errno.EPERM), ())
    assert len(steps) < 4096  # BPF_MAXINSNS
