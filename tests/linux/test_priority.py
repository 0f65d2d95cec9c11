"""Who has given way, as the kernel has it."""

import os
import subprocess
import threading
from pathlib import Path

from garrison.linux.priority import give_way, session_gives_way

IDLE_CLASS = "idle"


def disk_class(thread: int) -> str:
    """Return what ionice(1) says of a thread's class."""
    return (
        subprocess.run(["ionice", "-p", str(thread)], capture_output=True, text=True, check=True)
        .stdout.split(":")[0]
        .strip()
    )


def test_a_thread_gives_way_and_no_other() -> None:
    before = os.getpriority(os.PRIO_PROCESS, 0)
    seen: list[tuple[int, str]] = []

    def work() -> None:
        give_way()
        thread = threading.get_native_id()
        seen.append((os.getpriority(os.PRIO_PROCESS, thread), disk_class(thread)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [(19, IDLE_CLASS)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
    assert disk_class(os.getpid()) != IDLE_CLASS or before == 19


def test_a_session_gives_way_with_what_it_starts() -> None:
    command = "read -r _; nice; ionice; cat /proc/self/autogroup 2>/dev/null || echo nice 19"
    process = subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    session_gives_way(process.pid)
    said, _ = process.communicate("go\n")
    nice, disk, group = said.splitlines()
    assert (nice, disk) == ("19", IDLE_CLASS)
    assert group.endswith("nice 19")


def test_who_has_ended_is_let_be() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    session_gives_way(process.pid)
    assert not Path(f"/proc/{process.pid}").exists()
