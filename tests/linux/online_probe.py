"""Tries, after `online.confine`, what it is told to; prints what came of it. Started by test_online.py."""

import ctypes
import encodings.idna  # noqa: F401 # as the fetching process does
import os
import socket
import sys
from collections.abc import Callable

from garrison.linux import online

libc = ctypes.CDLL(None, use_errno=True)


def call(number: int, *arguments: int) -> None:
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def connect() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass


def packet_socket() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)


def resolve() -> None:
    socket.getaddrinfo("localhost", 80)


def write_here() -> None:
    with open("mine", "xb") as file:
        file.write(b"x")


def read_the_suites_own() -> None:
    with open(sys.argv[2], "rb") as file:
        file.read()


def read_what_all_may_read() -> None:
    read_the_suites_own()


def list_the_root() -> None:
    os.listdir("/")


def write_beside() -> None:
    with open("/tmp/garrison-online-probe", "xb"):
        os.unlink("/tmp/garrison-online-probe")


def move_within() -> None:
    os.mkdir("inner")
    write_here()
    os.rename("mine", "inner/mine")
    os.unlink("inner/mine")
    os.rmdir("inner")


def become_root() -> None:
    os.setuid(0)


def run_a_program() -> None:
    os.execv("/bin/true", ["true"])


def start_a_process() -> None:
    if os.fork() == 0:
        os._exit(0)


def signal_the_parent() -> None:
    os.kill(os.getppid(), 0)


def take_much_memory() -> None:
    bytearray(2 * 1024 * 1024 * 1024)


TRIES: dict[str, Callable[[], None]] = {
    name: value for name, value in list(globals().items()) if callable(value) and name not in {"Callable", "call"}
}


def main() -> None:
    os.chdir(sys.argv[3])
    account = online.account()
    if account is not None:
        os.chown(".", *account)
    online.confine(os.getppid())
    try:
        TRIES[sys.argv[1]]()
    except (OSError, MemoryError) as error:
        print(type(error).__name__)  # noqa: T201 # the test reads it
    else:
        print("done")  # noqa: T201 # likewise


if __name__ == "__main__":
    main()
