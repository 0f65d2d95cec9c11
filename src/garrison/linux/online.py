"""What a process gives up that needs the network: everything else.

Root becomes an account of its own; nobody gains rights by a program, starts one, or holds more memory and descriptors
than the work takes.
"""

import os
import resource

from garrison.linux import sandbox

ACCOUNT = "_garrison-fetch"
_MIB = 1024 * 1024
_MEMORY_BYTES = 512 * _MIB  # of addresses, beyond what it has
_CPU_SECONDS = 3600
_DESCRIPTORS = 1200


def account() -> tuple[int, int] | None:
    """Return the user and group that such a process of root becomes; None where it stays who it is."""
    return sandbox.account_for(ACCOUNT, 1) if os.geteuid() == 0 else None


def confine(parent: int) -> None:
    """Give up, for good, what the network does not take. parent: whose end is this process's end too."""
    os.umask(0o077)
    sandbox.become(account())
    sandbox.limit(
        {
            resource.RLIMIT_AS: sandbox.mapped_bytes() + _MEMORY_BYTES,
            resource.RLIMIT_CPU: _CPU_SECONDS,
            resource.RLIMIT_NOFILE: _DESCRIPTORS,
            resource.RLIMIT_NPROC: 0,
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
        }
    )
    sandbox.gain_no_privileges()
    sandbox.hide()
    sandbox.die_with_parent(parent)
