"""Who is ours is known at once; nobody else is, whatever number the kernel shows."""

import os
import subprocess
import sys

import pytest

from garrison.gate.own import Own

NOBODY = 2**22 + 1  # more than any process has


@pytest.mark.parametrize("number", [0, -1, 1, 2, NOBODY])
def test_processes_that_are_not_ours_are_not_ours(number: int) -> None:
    assert not Own().has(number)


def test_this_process_and_those_that_are_named_are_ours() -> None:
    own = Own()
    own.name(NOBODY, 1)
    assert own.has(os.getpid())
    assert own.has(NOBODY)
    assert not own.has(1)  # never: it starts everybody
    own.name()
    assert not own.has(NOBODY)


def test_those_of_no_session_are_not_ours_also_where_this_process_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getsid", lambda _process: 0)  # as below a first process that never asked for a session
    own = Own()
    assert not own.has(os.getppid())
    assert own.has(os.getpid())


def test_what_leads_a_session_and_was_started_here_is_ours_with_all_it_starts() -> None:
    code = (
        "import subprocess, sys; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); child.wait()"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        assert Own().has(server.pid)
        assert Own().has(worker)
        os.kill(worker, 9)
    finally:
        server.kill()
        server.communicate()
    assert not Own().has(server.pid)


def test_what_a_child_starts_in_a_session_of_its_own_is_not_ours() -> None:
    code = (
        "import subprocess; child = subprocess.Popen(['sleep', '60'], start_new_session=True);"
        "print(child.pid, flush=True); child.wait()"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert server.stdout is not None
        stranger = int(server.stdout.readline())
        assert not Own().has(stranger)
        os.kill(stranger, 9)
    finally:
        server.kill()
        server.communicate()
