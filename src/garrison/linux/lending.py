"""A content lent as a descriptor, and a process of its own that is asked about one thing and then ended."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Iterator

from garrison.base.paths import own_program


def in_memory(content: bytes) -> int:
    """Return a descriptor of a file in memory (memfd_create(2)) with a content. Raises OSError."""
    descriptor = os.memfd_create("garrison", os.MFD_CLOEXEC)
    try:
        with open(descriptor, "wb", closefd=False) as file:
            file.write(content)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def lent(content: bytes) -> Iterator[int]:
    """Have such a descriptor for a while. Raises OSError."""
    descriptor = in_memory(content)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.asynccontextmanager
async def asked(program: str, descriptor: int, *arguments: str) -> AsyncIterator[socket.socket]:
    """Start a program of ours and yield the connection to it; whatever happens, it is ended afterwards.

    It is given the numbers of its end of the connection and of the descriptor, then the arguments.
    """
    ours, theirs = socket.socketpair()
    with ours:
        ours.setblocking(False)
        with theirs:
            process = await asyncio.create_subprocess_exec(
                *own_program(program),
                str(theirs.fileno()),
                str(descriptor),
                *arguments,
                pass_fds=(theirs.fileno(), descriptor),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            yield ours
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
