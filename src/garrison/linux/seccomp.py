"""The worker's system call filter: an allow-list in classic BPF, loaded by seccomp(2).

What is not named here kills the process, so that an exploited parser shows as a worker that died by SIGSYS. Calls that
only ask for something that libc, Python or Rust can do without (opening a locale, counting processors) are refused with
an error instead: the library goes on, and a harmless file is not mistaken for an attack.

Sources: seccomp(2), Documentation/userspace-api/seccomp_filter.rst, linux/filter.h, linux/seccomp.h.
"""

import ctypes
import errno
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from garrison.base.errors import Unavailable
from garrison.linux.syscalls import Architecture, architecture

# The most frequent first: the program is read from its start at every call that the kernel has not learned to allow.
ALLOWED = (
    "pread64",
    "read",
    "lseek",
    "fstat",
    "close",
    "munmap",
    "madvise",
    "brk",
    "mremap",
    "sendto",
    "recvmsg",
    "futex",
    "clock_gettime",
    "getrusage",
    "getrandom",
    "write",
    "writev",
    "readv",
    "preadv",
    "fadvise64",
    "gettimeofday",
    "nanosleep",
    "clock_nanosleep",
    "sched_yield",
    "restart_syscall",
    "getpid",
    "gettid",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    # The first steps of a thread: that of the matcher's clock may take them just after the filter closed over it.
    "rseq",
    "set_robust_list",
    "exit",
    "exit_group",
)

REFUSED = {
    "open": errno.EACCES,
    "openat": errno.EACCES,
    "openat2": errno.ENOSYS,
    "stat": errno.EACCES,
    "lstat": errno.EACCES,
    "statx": errno.ENOSYS,
    "access": errno.EACCES,
    "faccessat": errno.EACCES,
    "faccessat2": errno.ENOSYS,
    "readlink": errno.EACCES,
    "readlinkat": errno.EACCES,
    "getdents64": errno.EACCES,
    "getcwd": errno.EACCES,
    "ioctl": errno.ENOTTY,
    "memfd_create": errno.EACCES,
    "prlimit64": errno.EPERM,
    "sched_getaffinity": errno.EPERM,
    "sysinfo": errno.EPERM,
    "uname": errno.EPERM,
}

_PROT_EXEC = 0x4
_PR_SET_NAME = 15
_AT_EMPTY_PATH = 0x1000
_HARMLESS_FCNTL = (1, 2, 3)  # F_GETFD, F_SETFD, F_GETFL; F_DUPFD would keep an object, F_SETOWN would send signals

_KILL_PROCESS = 0x8000_0000
_ERRNO = 0x0005_0000
_ALLOW = 0x7FFF_0000

# linux/bpf_common.h: a word at an offset; jumps on equal, greater or equal, any of the bits; return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _ARCHITECTURE_AT = 0, 4  # struct seccomp_data

_SET_MODE_FILTER = 1
_FLAG_TSYNC = 1


class Step(NamedTuple):
    """One BPF instruction. yes and no: how many instructions to skip after a test."""

    code: int
    value: int
    yes: int = 0
    no: int = 0

    def packed(self) -> bytes:
        """Return it as struct sock_filter."""
        return struct.pack("=HBBI", self.code, self.yes, self.no, self.value)


def _argument_at(index: int) -> int:
    """Return where the low word of an argument lies; both architectures are little-endian."""
    return 16 + 8 * index


def _refuse(error: int) -> Step:
    return Step(_RETURN, _ERRNO | error)


def _checked(own_process: int) -> dict[str, list[Step]]:
    """Return what decides the calls that depend on an argument. Each list ends in a return on every path."""
    allow, kill = Step(_RETURN, _ALLOW), Step(_RETURN, _KILL_PROCESS)
    no_code = [Step(_LOAD, _argument_at(2)), Step(_ANY_BIT, _PROT_EXEC, 0, 1), kill, allow]
    return {
        "mmap": no_code,
        "mprotect": no_code,
        # abort(3); a signal to anybody else is an attack, and SIGKILL to itself would look like an end from outside.
        "tgkill": [
            Step(_LOAD, _argument_at(0)),
            Step(_EQUAL, own_process, 0, 2),
            Step(_LOAD, _argument_at(2)),
            Step(_EQUAL, signal.SIGABRT, 1, 0),
            kill,
            allow,
        ],
        # Naming itself is a thread's first step too; the rest of prctl is not for a worker.
        "prctl": [Step(_LOAD, _argument_at(0)), Step(_EQUAL, _PR_SET_NAME, 0, 1), allow, kill],
        # fstat(3) of older glibc: with the flag the call looks at a descriptor.
        "newfstatat": [
            Step(_LOAD, _argument_at(3)),
            Step(_ANY_BIT, _AT_EMPTY_PATH, 0, 1),
            allow,
            _refuse(errno.EACCES),
        ],
        "fcntl": [
            Step(_LOAD, _argument_at(1)),
            *(step for command in _HARMLESS_FCNTL for step in (Step(_EQUAL, command, 0, 1), allow)),
            _refuse(errno.EPERM),
        ],
    }


def program(machine: Architecture, own_process: int) -> Sequence[Step]:
    """Return the filter for a process on a kind of processor."""
    return list(_steps(machine, own_process))


def _steps(machine: Architecture, own_process: int) -> Iterator[Step]:
    kill = Step(_RETURN, _KILL_PROCESS)
    yield from _beginning(machine)
    answers = _checked(own_process)
    answers |= {name: [Step(_RETURN, _ALLOW)] for name in ALLOWED}
    answers |= {name: [_refuse(error)] for name, error in REFUSED.items()}
    for name, answer in answers.items():
        number = machine.numbers.get(name)
        if number is not None:
            yield Step(_EQUAL, number, 0, len(answer))
            yield from answer
    yield kill


def _beginning(machine: Architecture) -> Iterator[Step]:
    """Yield what kills a process that uses another call interface, and then looks at the call's number."""
    kill = Step(_RETURN, _KILL_PROCESS)
    yield from (Step(_LOAD, _ARCHITECTURE_AT), Step(_EQUAL, machine.audit, 1, 0), kill)
    yield Step(_LOAD, _NUMBER_AT)
    if machine.foreign_from:
        yield from (Step(_AT_LEAST, machine.foreign_from, 0, 1), kill)


def program_without(machine: Architecture, refused: Mapping[str, int], families: Sequence[int]) -> Sequence[Step]:
    """Return a filter that lets all calls through but those named, which fail with the error given.

    families: the only address families that a socket may be of.
    """
    allow = Step(_RETURN, _ALLOW)
    steps = list(_beginning(machine))
    answers = {name: [_refuse(error)] for name, error in refused.items()}
    answers["socket"] = [
        Step(_LOAD, _argument_at(0)),
        *(step for family in families for step in (Step(_EQUAL, family, 0, 1), allow)),
        _refuse(errno.EAFNOSUPPORT),
    ]
    for name, answer in answers.items():
        number = machine.numbers.get(name)
        if number is not None:
            steps += [Step(_EQUAL, number, 0, len(answer)), *answer]
    return [*steps, allow]


def supported_architecture() -> Architecture:
    """Return this computer's call interface. Raises Unavailable when there is no table for it."""
    machine = architecture()
    if machine is None:
        raise Unavailable("Garrison cannot examine files on this kind of processor: it has no sandbox for it.")
    return machine


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def load(own_process: int) -> None:
    """Close the filter over all threads of this process, for good; no_new_privs must be set.

    own_process: the caller's process id. Raises OSError when the kernel does not take the filter.
    """
    machine = supported_architecture()
    install(machine, program(machine, own_process))


def install(machine: Architecture, steps: Sequence[Step]) -> None:
    """Close a filter over all threads of this process, for good; no_new_privs must be set.

    Raises OSError when the kernel does not take it.
    """
    argument = _Program(len(steps), b"".join(step.packed() for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(
        ctypes.c_long(machine.numbers["seccomp"]),
        ctypes.c_ulong(_SET_MODE_FILTER),
        ctypes.c_ulong(_FLAG_TSYNC),
        ctypes.byref(argument),
    )
    if result != 0:  # with TSYNC a positive result is the thread that could not be brought along
        raise OSError(ctypes.get_errno() if result < 0 else errno.ESRCH, "the kernel did not take the call filter")
