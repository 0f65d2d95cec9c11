"""A small keeper and a small gate that only speak: python speaking.py FOLDER is the keeper, which starts the gate.

What they hear is written to FOLDER/heard, a line each. What comes by FOLDER/tell.sock, the gate tells.
"""

import asyncio
import contextlib
import json
import os
import signal
import sys
from pathlib import Path

FOLDER = Path(sys.argv[1])


def heard(line: bytes) -> None:
    with open(FOLDER / "heard", "ab") as file:
        file.write(line)


async def keeper() -> None:
    try:
        _, writer = await asyncio.open_unix_connection(FOLDER / "tell.sock")  # a gate of an earlier keeper
        writer.close()
    except OSError:
        await asyncio.create_subprocess_exec(sys.executable, __file__, str(FOLDER), "gate")
        for _ in range(500):
            if (FOLDER / "gate.pid").exists():
                break
            await asyncio.sleep(0.01)
    ended = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            heard(line)
            if json.loads(line)["order"] == "end":
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int((FOLDER / "gate.pid").read_text("ascii")), signal.SIGKILL)
                ended.set()
                break
        writer.close()

    (FOLDER / "keeper.sock").unlink(missing_ok=True)
    await asyncio.start_unix_server(serve, FOLDER / "keeper.sock")
    await ended.wait()
    await asyncio.sleep(0.05)


async def gate() -> None:
    daemons: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        daemons.append(writer)
        while line := await reader.readline():
            heard(line)
            watched = {place["path"]: "blocking" for place in json.loads(line)["places"]}
            fact = {"fact": "standing", "watched": watched, "refused": {}, "counts": {"asked": 0}, "fuse": ""}
            writer.write(json.dumps(fact).encode() + b"\n")

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        daemons[-1].write(await reader.read()) if daemons else None
        writer.close()

    for name, what in (("tell.sock", tell), ("gate.sock", serve)):
        (FOLDER / name).unlink(missing_ok=True)
        await asyncio.start_unix_server(what, FOLDER / name, limit=4 * 1024 * 1024)
    (FOLDER / "gate.pid").write_text(f"{os.getpid()}", "ascii")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(gate() if len(sys.argv) > 2 else keeper())
