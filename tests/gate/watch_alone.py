"""The System Watcher's part of the gate as a program of its own, for tests: facts go to standard output.

Lines of standard input are plans (JSON): {"plan": ..., "private": [...]}. Each is answered by a line that says so.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from garrison.base.clock import SystemClock
from garrison.gate.documents import DocumentsGuard
from garrison.linux.fanotify import features
from garrison.wire.watching import Alarm, Documents, Scarce, Watched


def _ancestors() -> Iterator[int]:
    pid = os.getppid()
    while pid > 1:
        yield pid
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        pid = int(status.rpartition(")")[2].split()[1])


def main() -> None:
    def tell(fact: Alarm | Scarce | Watched) -> None:
        sys.stdout.write(json.dumps({"fact": type(fact).__name__, **asdict(fact)}) + "\n")
        sys.stdout.flush()

    known = features().without(sys.argv[1:])
    own = {os.getpid(), *_ancestors()}  # a false alarm must not stop whoever tests
    guard = DocumentsGuard(tell, own.__contains__, SystemClock(), known)
    for line in sys.stdin:
        told = json.loads(line)
        is_done = guard.go_by(Documents.from_plain(told["plan"]), tuple(told.get("private", ())))
        sys.stdout.write(json.dumps({"fact": "ready", "done": is_done, "refused": guard.refused}) + "\n")
        sys.stdout.flush()
    guard.stop()


if __name__ == "__main__":
    main()
