"""Tests of who acts: trust that is lost, and who is stopped together."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garrison.gate.documents_actors import Actors

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into other programs")
SLEEP = os.path.realpath("/bin/sleep")


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def running(pid: int, program: str) -> bool:
    return os.path.realpath(f"/proc/{pid}/exe") == program and bool(Path(f"/proc/{pid}/environ").read_bytes())


@pytest.fixture
def actors() -> Actors:
    return Actors(lambda _: False)


AGAIN = """
read -r _
export LD_PRELOAD=libc.so.6
exec "$0" -c 'read -r _'
"""


def test_a_program_that_runs_itself_again_with_something_loaded_into_it_is_trusted_no_more(actors: Actors) -> None:
    shell = os.path.realpath("/bin/bash")
    actors.trust([shell])
    with subprocess.Popen([shell, "-c", AGAIN], stdin=subprocess.PIPE, env={"PATH": "/bin"}) as child:
        assert child.stdin is not None
        until(lambda: running(child.pid, shell))
        before = actors.actor(child.pid)
        child.stdin.write(b"go\n")
        child.stdin.flush()
        until(lambda: b"LD_PRELOAD" in Path(f"/proc/{child.pid}/environ").read_bytes())
        after = actors.actor(child.pid)
        child.kill()
    assert before is not None
    assert after is not None
    assert (before.process, before.is_trusted) == (after.process, True)
    assert not after.is_trusted


# A program of root's that gives way to another account, with a child of that account and one that stays root's.
FAMILY = """
import os, sys, time
for account in (0, 4242):
    if os.fork() == 0:
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
        print(os.getpid(), flush=True)
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


@pytest.fixture
def family() -> Iterator[tuple[int, list[int]]]:
    """A process of root's, and two children: root's and somebody else's, in order of account."""
    with subprocess.Popen([sys.executable, "-I", "-c", FAMILY], stdout=subprocess.PIPE, start_new_session=True) as top:
        assert top.stdout is not None
        children = [int(top.stdout.readline()) for _ in range(2)]
        yield top.pid, sorted(children, key=lambda pid: os.stat(f"/proc/{pid}").st_uid)
        os.killpg(top.pid, 9)


def test_descendants_of_other_accounts_are_stopped_only_when_they_changed_documents_themselves(
    actors: Actors, family: tuple[int, list[int]]
) -> None:
    top, (same, other) = family
    actor = actors.actor(top)
    assert actor is not None
    node = f"process:{actor.process.name}"
    assert set(actors.members(node, actor)) == {top, same}
    reader = actors.actor(other)
    assert reader is not None
    assert set(actors.members(node, actor)) == {top, same}
    actors.changes(reader)
    actors.prune()
    assert set(actors.members(node, actor)) == {top, same, other}


def test_what_an_account_started_of_its_own_is_stopped_behind_one_of_another_account_too(
    actors: Actors, family: tuple[int, list[int]]
) -> None:
    top, (same, other) = family
    actor = actors.actor(other)
    assert actor is not None
    assert set(actors.members(f"process:{actor.process.name}", actor)) == {other}
    node = next(each for each in actor.nodes if each.startswith(f"process:{top}."))
    assert same not in actors.members(node, actor)
    assert other in actors.members(node, actor)


def test_who_has_gone_is_forgotten(actors: Actors) -> None:
    with subprocess.Popen([SLEEP, "60"]) as child:
        actor = actors.actor(child.pid)
        assert actor is not None
        actors.changes(actor)
        actors.prune()
        assert actors._changers
        child.kill()
    actors.prune()
    assert not actors._changers
    assert not actors._seen
