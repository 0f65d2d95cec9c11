"""Tests of the connections to keeper and gate."""

import asyncio
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from garrison.abilities.guard.links import connect, gone, process_at
from garrison.wire.guarding import Arm
from tests.abilities.things import NOBODY, needs_root


def _listen(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()
    return listening


def test_lines_go_both_ways_until_the_end(tmp_path: Path) -> None:
    async def talk() -> None:
        link = await connect(tmp_path / "s")
        other, _ = listening.accept()
        await link.order(Arm())
        assert other.recv(100) == b'{"order":"arm"}\n'
        other.sendall(b"one\n")
        assert await link.line() == b"one\n"
        other.close()
        assert (await link.line(), link.is_open) == (b"", False)
        await link.send(b"lost\n")
        link.close()

    with _listen(tmp_path / "s") as listening:
        asyncio.run(talk())


def test_a_deep_folder_is_reached_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with _listen(tmp_path / "s"):
        os.rename(tmp_path / "s", deep / "s")
        asyncio.run(_reach(deep / "s"))


async def _reach(path: Path) -> None:
    link = await connect(path)
    link.close()
    await asyncio.sleep(0)  # it closes its socket in the next turn


def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        asyncio.run(connect(tmp_path / "s"))
    assert process_at(tmp_path / "s") == []


@needs_root
def test_a_socket_of_another_account_is_not_spoken_to(shared: Path) -> None:
    shared.chmod(0o777)
    code = "import socket,sys; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); print(1); input()"
    command = ["/usr/bin/env", "python3", "-c", code, str(shared / "s")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, user=NOBODY, env={"PATH": "/usr/bin:/bin"}
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(PermissionError):
            asyncio.run(connect(shared / "s"))
        process.communicate(b"\n")


def test_a_process_that_does_not_end_is_ended(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        began = time.monotonic()
        asyncio.run(gone(os.pidfd_open(process.pid), 0.05))
        assert process.wait(5) == -9
        assert time.monotonic() - began < 2
    with _listen(tmp_path / "s"):
        (descriptor,) = process_at(tmp_path / "s")
        assert f"Pid:\t{os.getpid()}\n" in Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii")
        os.close(descriptor)
