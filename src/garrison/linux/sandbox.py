"""Closing the sandbox: what a process gives up, for good, before it looks at untrusted bytes.

`isolate` is for the fork server, once; `close` for each worker. Sources: namespaces(7), user_namespaces(7),
capabilities(7), setrlimit(2), prctl(2), close_range(2).
"""

import contextlib
import ctypes
import grp
import os
import pwd
import resource
import signal
from collections.abc import Mapping
from typing import NamedTuple

from garrison.base.errors import Unavailable
from garrison.linux import seccomp

ACCOUNT = "_garrison-worker"
_UNALLOCATED = range(64990, 64970, -1)  # Debian Policy 9.2.2: kept free for packages, none uses these
_LAST_DESCRIPTOR = 2**31 - 1

_CLONE_NEWNS = 0x0002_0000
_CLONE_NEWUTS = 0x0400_0000
_CLONE_NEWIPC = 0x0800_0000
_CLONE_NEWUSER = 0x1000_0000
_CLONE_NEWNET = 0x4000_0000

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_DROP = 24
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4
_CAPABILITY_VERSION_3 = 0x2008_0522
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)


class Confinement(NamedTuple):
    """How much a worker may use. memory_bytes: of address space beyond what it has when it closes the sandbox."""

    memory_bytes: int
    cpu_seconds: int
    descriptors: int = 64


def isolate() -> bool:
    """Leave the computer's network, IPC objects, mounts and host name behind; return whether the kernel let us.

    Root does so directly, anybody else through a user namespace, which some kernels forbid. Without it the filter
    still forbids sockets. The process must have one thread. What rights an ordinary user gains over the namespace are
    given up at once.
    """
    wanted = _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWNS | _CLONE_NEWUTS
    if os.geteuid() != 0:
        wanted |= _CLONE_NEWUSER
    is_isolated = bool(_libc.unshare(wanted) == 0)
    if os.geteuid() != 0:
        _give_up_capabilities()
    return is_isolated


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends, also when that has just happened.

    A change of account undoes this, so it comes after one.
    """
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def gain_no_privileges() -> None:
    """Have no program that is started from here run with more rights than this one (no set-uid)."""
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def worker_account() -> tuple[int, int]:
    """Return the user and group that workers of root become: their own account, else numbers that nobody has."""
    return account_for(ACCOUNT, 0)


def account_for(name: str, place: int) -> tuple[int, int]:
    """Return the user and group of an account if there is one of that name, else a number that nobody has.

    place: which of the free numbers, so that processes of different kinds do not share one. Raises Unavailable.
    """
    with contextlib.suppress(KeyError):
        entry = pwd.getpwnam(name)
        return entry.pw_uid, entry.pw_gid
    for number in _UNALLOCATED:
        if not _is_allocated(number):
            if place == 0:
                return number, number
            place -= 1
    raise Unavailable(
        "There is no free account number for Garrison's processes.", "Make a system account {name}.", name=name
    )


def _is_allocated(number: int) -> bool:
    with contextlib.suppress(KeyError):
        pwd.getpwuid(number)
        return True
    with contextlib.suppress(KeyError):
        grp.getgrgid(number)
        return True
    return False


def close(connection: int, parent: int, confinement: Confinement, account: tuple[int, int] | None) -> None:
    """Close the sandbox over this process: afterwards it can read what it is sent, compute, and answer.

    It holds for all threads there are, and there will be no more.

    connection: the one descriptor to keep, above 2; 0 to 2 become /dev/null. account: whom root becomes, None for
    anybody else, who stays who they are. Raises OSError when a step fails: the process is then half closed and must
    end.
    """
    _keep_only(connection)
    os.umask(0o077)
    os.chdir("/")
    memory_bytes = mapped_bytes() + confinement.memory_bytes
    become(account)
    limit(_limits(confinement, memory_bytes))
    gain_no_privileges()
    hide()
    die_with_parent(parent)
    os.dup2(0, 2)  # so late, that a failure until here could be told
    seccomp.load(os.getpid())


def _keep_only(connection: int) -> None:
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.closerange(3, connection)
    os.closerange(connection + 1, _LAST_DESCRIPTOR)


def mapped_bytes() -> int:
    """Return the address space this process has, from /proc/self/statm (proc(5))."""
    with open("/proc/self/statm", "rb") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def become(account: tuple[int, int] | None) -> None:
    """Give up, as root, the account and its groups (glibc does so for all threads), and any capabilities."""
    if account is not None:
        user, group = account
        _drop_bounds()
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    _give_up_capabilities()


def _give_up_capabilities() -> None:
    _drop_bounds()
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    none = (ctypes.c_uint32 * 6)()
    _check(_libc.capset(header, none), "give up capabilities")


def _drop_bounds() -> None:
    """Empty the capability bounding set; only who has CAP_SETPCAP may, and nobody else needs to."""
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def hide() -> None:
    """Let no process of the same account look into this one, nor the kernel write its memory down."""
    _prctl(_PR_SET_DUMPABLE, 0)


def _limits(confinement: Confinement, memory_bytes: int) -> dict[int, int]:
    return {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: confinement.cpu_seconds,
        resource.RLIMIT_NOFILE: confinement.descriptors,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }


def limit(limits: Mapping[int, int]) -> None:
    """Limit what this process may use, for good: by kind of resource."""
    for kind, most in limits.items():
        _, hard = resource.getrlimit(kind)
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    _check(_libc.prctl(option, value, 0, 0, 0), f"prctl({option})")


def _check(result: int, doing: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"could not {doing}: {os.strerror(number)}")
