"""What is mounted, from /proc/self/mountinfo (proc_pid_mountinfo(5))."""

import os
from pathlib import Path

# File systems that the kernel makes up: no files of people's are in them, and reading some has effects.
MADE_UP = frozenset(
    "autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts devtmpfs efivarfs fusectl hugetlbfs mqueue nsfs "
    "proc pstore rpc_pipefs securityfs selinuxfs sysfs tracefs".split()
)


def made_up_devices() -> frozenset[int]:
    """Return the device numbers (st_dev) of the file systems that the kernel makes up."""
    found = set()
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape").splitlines():
        parts = line.split()
        kind = parts[parts.index("-") + 1]
        if kind in MADE_UP:
            major, _, minor = parts[2].partition(":")
            found.add(os.makedev(int(major), int(minor)))
    return frozenset(found)
