"""What a process with the network can still do, tried by a process that is confined so."""

import errno
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from garrison.linux import landlock, online, sandbox, seccomp
from garrison.linux.syscalls import AARCH64, X86_64
from tests.linux import online_probe

PROBE = Path(online_probe.__file__)


def tried(what: str, folder: Path, file: str = "") -> str:
    secret = folder / "secret"
    secret.write_bytes(b"secret")
    secret.chmod(0o600)
    (folder / "spool").mkdir()
    command = [sys.executable, str(PROBE), what, file or str(secret), str(folder / "spool")]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": "src"}, timeout=60
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("what", ["connect", "resolve", "write_here", "move_within"])
def test_what_the_work_takes_is_left(tmp_path: Path, what: str) -> None:
    assert tried(what, tmp_path) == "done"


@pytest.mark.parametrize(
    "what", ["packet_socket", "run_a_program", "start_a_process", "signal_the_parent", "take_much_memory"]
)
def test_the_rest_is_given_up(tmp_path: Path, what: str) -> None:
    assert tried(what, tmp_path) != "done"


@pytest.mark.skipif(landlock.version() < 2, reason="the kernel has no Landlock, or an old one")
def test_files_that_all_may_read_are_out_of_reach_too(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp") as file:
        os.chmod(file.name, 0o644)
        assert tried("read_what_all_may_read", tmp_path, file.name) == "PermissionError"


@pytest.mark.skipif(landlock.version() < 2, reason="the kernel has no Landlock, or an old one")
@pytest.mark.parametrize("what", ["list_the_root", "write_beside"])
def test_only_the_own_folder_is_there(tmp_path: Path, what: str) -> None:
    assert tried(what, tmp_path) == "PermissionError"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
@pytest.mark.parametrize("what", ["read_the_suites_own", "become_root"])
def test_root_is_root_no_more(tmp_path: Path, what: str) -> None:
    assert tried(what, tmp_path) == "PermissionError"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_its_account_is_not_that_of_the_workers() -> None:
    account = online.account()
    assert account is not None
    assert account[0] not in {0, sandbox.worker_account()[0]}


@pytest.mark.parametrize("machine", [X86_64, AARCH64])
def test_every_refused_call_is_known_by_its_number(machine: object) -> None:
    known = X86_64 if machine is X86_64 else AARCH64
    missing = [name for name in online.REFUSED if name not in known.numbers]
    assert missing == ([] if known is X86_64 else ["fork", "vfork"])
    steps = seccomp.program_without(known, dict.fromkeys(online.REFUSED, errno.EPERM), online._FAMILIES)
    assert len(steps) < 4096  # BPF_MAXINSNS
