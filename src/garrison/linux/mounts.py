"""What is mounted, from /proc/self/mountinfo (proc_pid_mountinfo(5))."""

import os
from pathlib import Path

# File systems that the kernel makes up: no files of people's are in them, and reading some has effects.
MADE_UP = frozenset({
    "autofs", "binfmt_misc", "bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "efivarfs", "fusectl",
    "hugetlbfs", "mqueue", "nsfs", "proc", "pstore", "rpc_pipefs", "securityfs", "selinuxfs", "sysfs", "tracefs",
})  # fmt: skip
# Where devices belong. Files can lie there too, and some that want to stay unseen do.
OF_DEVICES = frozenset({"devtmpfs"})


def devices_of(kinds: frozenset[str], table: Path = Path("/proc/self/mountinfo")) -> frozenset[int]:
    """Return the device numbers (st_dev) of the mounted file systems of some kinds; none without /proc."""
    found = set()
    try:
        lines = table.read_text("utf-8", "surrogateescape").split("\n")
    except OSError:
        return frozenset()
    for line in lines:
        before, _, after = line.partition(" - ")
        if after.split(" ")[0] in kinds:
            major, _, minor = before.split(" ")[2].partition(":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
