"""What a process gives up that serves files to the network: everything but that.

It listens already, and has the one folder that it serves open. It opens no other file, no other socket, connects to
nobody, starts nothing and writes nothing.
"""

import errno
import os
import resource

from garrison.linux import landlock, online, sandbox, seccomp
from garrison.linux.syscalls import architecture

ACCOUNT = "_garrison-mirror"
DESCRIPTORS = 700
_MIB = 1024 * 1024
_MEMORY_BYTES = 256 * _MIB  # of addresses, beyond what it has
REFUSED = (*online.REFUSED, "socket", "connect", "bind")


def account() -> tuple[int, int] | None:
    """Return the user and group that such a process of root becomes; None where it stays who it is."""
    return sandbox.account_for(ACCOUNT, 2) if os.geteuid() == 0 else None


def confine(parent: int, folder: int) -> None:
    """Give up, for good, what serving does not take.

    parent: whose end is this process's end too. folder: a descriptor of the folder that is served.
    """
    os.umask(0o077)
    os.chdir("/")
    sandbox.become(account())
    sandbox.limit(
        {
            resource.RLIMIT_AS: sandbox.mapped_bytes() + _MEMORY_BYTES,
            resource.RLIMIT_NOFILE: DESCRIPTORS,
            resource.RLIMIT_NPROC: 0,
            resource.RLIMIT_FSIZE: 0,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
        }
    )
    sandbox.gain_no_privileges()
    sandbox.hide()
    sandbox.die_with_parent(parent)
    landlock.keep_only([folder], None)
    machine = architecture()
    if machine is not None:  # elsewhere the rest has to do
        refused = dict.fromkeys(REFUSED, errno.EPERM) | {"clone3": errno.ENOSYS}
        seccomp.install(machine, seccomp.program_without(machine, refused, ()))
