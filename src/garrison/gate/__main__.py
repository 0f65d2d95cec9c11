"""Answer the kernel: `python -I -m garrison.gate FOLDER CHANNEL [--without FEATURE]...`, as the keeper starts it."""

import argparse
import asyncio
import gc
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from garrison.gate.keeping import KeeperLink, wait_for_go
from garrison.gate.serving import Gate, prepare
from garrison.linux.fanotify import features
from garrison.wire.keeping import LOCK

EXIT_DEFECT = 70  # of sysexits.h
_SWITCH_SECONDS = 0.0005  # for which the main thread may keep those waiting that answer


def main(arguments: list[str]) -> int:
    """Load everything, wait for the turn, and serve until killed."""
    parser = argparse.ArgumentParser(prog="garrison.gate")
    parser.add_argument("folder", type=Path)
    parser.add_argument("channel", type=int)
    parser.add_argument("--without", action="append", default=[])
    options = parser.parse_args(arguments)
    # A vfork holds the interpreter's lock until the child runs, for which the responder has to be free to answer.
    sys.setswitchinterval(_SWITCH_SECONDS)
    setattr(subprocess, "_USE_VFORK", False)  # noqa: B010 # documented for such cases, though named as final
    known = features().without(options.without)
    prepare()
    gc.collect()
    gc.freeze()
    channel = socket.socket(fileno=options.channel)
    turn = wait_for_go(channel)
    if turn is None:
        return 0
    go, held = turn

    async def serve() -> None:
        asyncio.get_running_loop().set_exception_handler(_fail)
        link = KeeperLink(options.folder, channel, go, held)
        groups = {name: descriptor for name, descriptor in held.items() if name != LOCK}
        gate = Gate(options.folder, go, groups, link, known)
        link.on_own = gate.name_own
        await gate.run()

    asyncio.run(serve())
    return 0


def _fail(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """End when a callback failed: a question may have been left without an answer, and the keeper gives that."""
    loop.default_exception_handler(context)
    if "handle" in context:
        os._exit(EXIT_DEFECT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
