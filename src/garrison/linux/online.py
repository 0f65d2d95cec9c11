"""What a process gives up that needs the network: everything else.

Root becomes an account of its own; nobody gains rights by a program, starts one, looks into other processes, or holds
more memory and descriptors than the work takes. Resolving names is the system library's affair, which differs from one
system to the next: so the call filter names what is forbidden, where that of a worker names what is allowed.
"""

import contextlib
import errno
import os
import resource
import socket
from collections.abc import Iterable, Iterator

from garrison.linux import landlock, sandbox, seccomp
from garrison.linux.syscalls import architecture

ACCOUNT = "_garrison-fetch"
_MIB = 1024 * 1024
_MEMORY_BYTES = 512 * _MIB  # of addresses, beyond what it has
_CPU_SECONDS = 3600
_DESCRIPTORS = 1200
_FAMILIES = (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK)  # the last two resolve names
# What the system's library reads to resolve a name and to know whom to trust, on one system or the other.
_SYSTEM = (
    *("/etc", "/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store", "/dev/null", "/dev/urandom"),
    *("/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/connman", "/run/nscd"),
    *("/var/lib/sss", "/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf"),  # links to anywhere, some of them
)
REFUSED = (
    *("execve", "execveat", "fork", "vfork", "clone"),
    *("kill", "tkill", "pidfd_open", "pidfd_send_signal", "rt_sigqueueinfo", "rt_tgsigqueueinfo"),
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp"),
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns"),
    *("open_tree", "move_mount", "fsopen", "mount_setattr", "name_to_handle_at", "open_by_handle_at"),
    *("add_key", "request_key", "keyctl", "bpf", "perf_event_open", "userfaultfd", "personality"),
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
)


def account() -> tuple[int, int] | None:
    """Return the user and group that such a process of root becomes; None where it stays who it is."""
    return sandbox.account_for(ACCOUNT, 1) if os.geteuid() == 0 else None


def confine(parent: int, readable: Iterable[int] = ()) -> None:
    """Give up, for good, what the network does not take. It works on in the current folder.

    parent: whose end is this process's end too. readable: descriptors of other folders that are read.
    """
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
    _keep_own_files(readable)
    machine = architecture()
    if machine is not None:  # elsewhere the rest has to do
        refused = dict.fromkeys(REFUSED, errno.EPERM) | {"clone3": errno.ENOSYS}
        seccomp.install(machine, seccomp.program_without(machine, refused, _FAMILIES))


def _keep_own_files(readable: Iterable[int]) -> None:
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(_opened("."))
        assert own is not None
        system = [stack.enter_context(_opened(path)) for path in _SYSTEM]
        landlock.keep_only([*readable, *(each for each in system if each is not None)], own)


@contextlib.contextmanager
def _opened(path: str) -> Iterator[int | None]:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
