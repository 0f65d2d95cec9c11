"""The console as a program: python -m garrison.console --listen FD --door SOCKET.

It is given the socket that it listens on, and ends when its standard input does: whoever started it is gone then.
"""

import argparse
import asyncio
import socket
import sys
from pathlib import Path

import uvicorn

from garrison.console.app import make

_ENDING_SECONDS = 1


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)  # noqa: T201 # whoever started us waits for it


async def _run(listening: socket.socket, door: Path) -> None:
    config = uvicorn.Config(
        make(door, listening.getsockname()[1]),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,
        limit_concurrency=256,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_ENDING_SECONDS,
        h11_max_incomplete_event_size=64 * 1024,
    )
    server = _Server(config)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.serve([listening]))
        watching = group.create_task(asyncio.to_thread(sys.stdin.buffer.read))
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(prog="garrison.console")
    parser.add_argument("--listen", type=int, required=True)
    parser.add_argument("--door", type=Path, required=True)
    options = parser.parse_args()
    with socket.socket(fileno=options.listen) as listening:
        asyncio.run(_run(listening, options.door))


if __name__ == "__main__":
    main()
