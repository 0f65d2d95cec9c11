"""What is lent to a process, and that no process stays."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from garrison.linux import lending
from garrison.linux.lending import asked, in_memory, lent

READER = """import os, socket, sys, time
connection = socket.socket(fileno=int(sys.argv[1]))
os.lseek(int(sys.argv[2]), 0, os.SEEK_SET)
connection.sendall(os.read(int(sys.argv[2]), 100) + sys.argv[3].encode())
connection.close()
time.sleep(60)
"""


def test_a_content_is_lent_for_a_while() -> None:
    with lent(b"content") as descriptor:
        assert os.pread(descriptor, 100, 0) == b"content"
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@pytest.mark.parametrize("fails", [False, True])
def test_a_process_is_asked_and_ended_whatever_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    (tmp_path / "reader.py").write_text(READER)
    monkeypatch.setattr(lending, "own_program", lambda name: ["python3", str(tmp_path / name)])
    before = _children()

    async def run() -> bytes:
        descriptor = in_memory(b"content")
        try:
            async with asyncio.timeout(10), asked("reader.py", descriptor, " read") as connection:
                said = await _all(connection)
                if fails:
                    raise ValueError
                return said
        finally:
            os.close(descriptor)

    if fails:
        with pytest.raises(ValueError):  # noqa: PT011 # our own, from above
            asyncio.run(run())
    else:
        assert asyncio.run(run()) == b"content read"
    assert _children() == before


async def _all(connection: socket.socket) -> bytes:
    said = b""
    while piece := await asyncio.get_running_loop().sock_recv(connection, 100):
        said += piece
    return said


def _children() -> str:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text()
