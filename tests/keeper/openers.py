"""Programs that open files without a pause while something is killed, and what they say of it."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OPENERS = 4
STUCK_SECONDS = 2.0

# Opens files that the kernel has to ask about, for each is new, and says how long the longest open took.
OPENER = """
import json, os, sys, time
folder, until = sys.argv[1], sys.argv[2]
longest = count = 0
while not os.path.exists(until):
    name = f"{folder}/{os.getpid()}-{count % 50}"
    if count >= 50:
        os.unlink(name)
    for flags in (os.O_WRONLY | os.O_CREAT, os.O_RDONLY, os.O_RDONLY):
        began = time.monotonic()
        descriptor = os.open(name, flags, 0o600)
        longest = max(longest, time.monotonic() - began)
        if flags:
            os.write(descriptor, b"harmless %d" % count)
        os.close(descriptor)
    count += 1
print(json.dumps([longest, count]))
"""


@dataclass(slots=True)
class Figures:
    """The worst there was. opens: files that were opened meanwhile."""

    stuck_seconds: float = 0.0
    back_seconds: float = 0.0
    opens: int = 0


@contextlib.contextmanager
def openers(disk: Path, stop: Path) -> Iterator[list["subprocess.Popen[bytes]"]]:
    """Have programs open files until a file is there."""
    command = [sys.executable, "-I", "-S", "-c", OPENER, str(disk), str(stop)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(OPENERS)]
    try:
        yield running
    finally:
        for opener in running:
            opener.kill()
            opener.communicate()
