"""A pool under an ordinary account, with an interpreter that this account can start; run by the tests of root.

Arguments: the checkout; the folder of databases. Prints nothing when all is as it should be.
"""

import asyncio
import os
import sys
from pathlib import Path

CHECKOUT = Path(sys.argv[1])
START = "import sys, runpy; sys.path.insert(0, {src!r}); runpy.run_path({program!r}, run_name='__main__')"


async def run(databases: Path) -> None:
    from garrison.linux.workers import Tuning, WorkerPool  # noqa: PLC0415 # the path to it is set below
    from tests.worker import campaign  # noqa: PLC0415
    from tests.worker.objects import UNRULY, descendants, examined  # noqa: PLC0415

    start = START.format(src=str(CHECKOUT / "src"), program=str(UNRULY))
    tuning = Tuning(grace_seconds=1, program=(sys.executable, "-I", "-c", start))
    contents = [b"an evil word", *campaign.HOSTILE, b"harmless"]
    async with WorkerPool(databases, size=1, limits={}, seconds=1, memory_mib=128, tuning=tuning) as pool:
        campaign.check(contents, await examined(pool, contents))
    assert descendants(os.getpid()) == []


if __name__ == "__main__":
    sys.path[:0] = [str(CHECKOUT / "src"), str(CHECKOUT)]
    sys.dont_write_bytecode = True
    asyncio.run(run(Path(sys.argv[2])))
