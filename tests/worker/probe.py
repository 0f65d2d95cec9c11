"""Closes the product's sandbox over itself, then tries one thing and reports by its exit code.

Arguments: what to try; "root", "ordinary", or "bare" (ordinary, on a kernel that
forbids user namespaces). The descriptor to keep is standard input, so that a parent can hand one in.
"""

# The bare calls are what is tried.

import contextlib
import ctypes
import mmap
import os
import socket
import sys
from collections.abc import Callable

from garrison.linux import sandbox

DONE, REFUSED, SETUP_FAILED = 0, 10, 70
MEMORY_BYTES = 64 << 20
NOBODY = 65534

libc = ctypes.CDLL(None, use_errno=True)
page = mmap.mmap(-1, 4096)
page_address = ctypes.addressof(ctypes.c_char.from_buffer(page))
foreign = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
foreign.write(b"\xb8\x14\0\0\0\xcd\x80\xc3")  # mov eax, 20 (getpid of i386); int 0x80; ret
call_foreign = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(foreign)))
spare = os.open("/dev/null", os.O_RDONLY)
parent = os.getppid()
TGKILL, RSEQ, SET_ROBUST_LIST = {"x86_64": (234, 334, 273), "aarch64": (131, 293, 99)}[os.uname().machine]


def raw(number: int, *arguments: int) -> None:
    if libc.syscall(number, *arguments) == -1:
        raise OSError(ctypes.get_errno(), "refused")


def send_a_descriptor(kept: int) -> None:
    with socket.socket(fileno=kept) as sock:
        socket.send_fds(sock, [b"x"], [kept])


def wait_to_be_looked_at(kept: int) -> None:
    os.write(kept, b"closed")
    os.read(kept, 1)


def first_steps_of_a_thread(_: int) -> None:
    """Do what a thread does when it starts; the numbers are refused for what they ask, but the process lives on."""
    libc.syscall(RSEQ, None, 0, 0, 0)
    libc.syscall(SET_ROBUST_LIST, None, 0)
    libc.prctl(15, b"clock", 0, 0, 0)


def mprotect(prot: int) -> None:
    if libc.mprotect(ctypes.c_void_p(page_address), ctypes.c_size_t(4096), prot) != 0:
        raise OSError(ctypes.get_errno(), "refused")


TRIES: dict[str, Callable[[int], object]] = {
    "nothing": lambda _: None,
    "wait": wait_to_be_looked_at,
    "open": lambda _: os.open("/etc/passwd", os.O_RDONLY),
    "create": lambda _: os.open("/tmp/garrison-probe", os.O_WRONLY | os.O_CREAT),
    "list": lambda _: os.listdir("/"),
    "look": lambda _: os.stat("/etc/passwd"),
    "link": lambda _: os.readlink("/proc/self/exe"),
    "unlink": lambda _: os.unlink("/tmp/garrison-probe"),
    "memfd": lambda _: os.memfd_create("probe"),
    "socket": lambda _: socket.socket(),
    "unix socket": lambda _: socket.socketpair(),
    "connect": lambda kept: libc.connect(kept, None, 0),
    "bind": lambda kept: libc.bind(kept, None, 0),
    "descriptor": lambda kept: libc.sendmsg(kept, None, 0),
    "fork": lambda _: os.fork(),
    "thread": lambda _: libc.syscall(435, None, 0),
    "execute": lambda _: os.execv("/bin/true", ["true"]),
    "trace": lambda _: libc.ptrace(0, 0, 0, 0),
    "read memory": lambda _: libc.process_vm_readv(parent, None, 0, None, 0, 0),
    "signal": lambda _: os.kill(parent, 0),
    "signal thread": lambda _: raw(TGKILL, parent, parent, 0),
    "abort": lambda _: os.abort(),
    "map code": lambda _: mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC),
    "turn into code": lambda _: mprotect(mmap.PROT_READ | mmap.PROT_EXEC),
    "begin a thread": first_steps_of_a_thread,
    "protect": lambda _: mprotect(mmap.PROT_READ),
    "x32": lambda _: raw(0x4000_0000 + 39),
    "i386": lambda _: call_foreign(),
    "dumpable": lambda _: libc.prctl(4, 1, 0, 0, 0),
    "become root": lambda _: os.setuid(0),
    "unshare": lambda _: libc.unshare(0x1000_0000),
    "mount": lambda _: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "io_uring": lambda _: libc.syscall(425, 1, None),
    "bpf": lambda _: libc.syscall(321, 0, None, 0),
    "pidfd": lambda _: libc.syscall(434, parent, 0),
    "ioctl": lambda kept: os.isatty(kept) or os.get_terminal_size(kept),
    "signals of others": lambda kept: __import__("fcntl").fcntl(kept, 8, parent),
    "raise limits": lambda _: __import__("resource").setrlimit(7, (1000, 1000)),
    "memory": lambda _: bytearray(2 * MEMORY_BYTES),
    "some memory": lambda _: bytearray(MEMORY_BYTES // 2),
    "keep a copy": os.dup,
    "keep an old-fashioned copy": lambda kept: __import__("fcntl").fcntl(kept, 0, 20),
    "keep a copy elsewhere": lambda kept: os.dup2(kept, 20),
    "kill itself": lambda _: raw(TGKILL, os.getpid(), os.getpid(), 9),
    "write file": lambda kept: os.write(kept, b"x"),
    "other descriptor": lambda _: os.fstat(spare),
    "load module": lambda _: __import__("wave"),
}


def become_ordinary() -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


def main(what: str, mode: str) -> int:
    __import__("fcntl"), __import__("resource")
    kept = os.dup(0)
    if mode != "root":
        become_ordinary()
    try:
        if mode != "bare":
            sandbox.isolate()
        account = sandbox.worker_account() if os.geteuid() == 0 and mode == "root" else None
        sandbox.close(kept, parent, sandbox.Confinement(MEMORY_BYTES, 10), account)
    except OSError as error:
        sys.stderr.write(str(error))
        return SETUP_FAILED
    with contextlib.suppress(OSError, MemoryError, ImportError, ValueError):
        TRIES[what](kept)
        return DONE
    return REFUSED


if __name__ == "__main__":
    os._exit(main(sys.argv[1], sys.argv[2]))
