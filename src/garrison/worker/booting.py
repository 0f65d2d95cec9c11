"""Reads what tells a computer how to start: `python -I -m garrison.worker.booting CONNECTION FILE PARENT WHAT`.

CONNECTION and FILE are descriptors: a socket for the answer, and the file, open for reading. PARENT is who asks, by
number. WHAT is a boot loader's settings, or a disk's beginning and end. See `garrison.wire.booting`.
"""

import os
import socket
import sys

from garrison.engine.booting.grub import MOST_BYTES, read
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.disk import efi_partitions
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from garrison.linux import sandbox, seccomp
from garrison.wire.booting import EFI, MENU, TABLE, Told, encode

_MEMORY_BYTES = 256 * 1024 * 1024
_CPU_SECONDS = 10
_MOST_READ = 2 * MOST_BYTES  # more than settings may have, and than is read of a disk


def main(connection: int, file: int, parent: int, what: str) -> int:
    """Read and answer; return the exit code."""
    answer = socket.socket(fileno=connection)
    account = sandbox.worker_account() if os.geteuid() == 0 else None
    seccomp.supported_architecture()
    content = os.pread(file, _MOST_READ, 0)
    sandbox.isolate()
    sandbox.close(connection, parent, sandbox.Confinement(_MEMORY_BYTES, _CPU_SECONDS), account)
    answer.sendall(encode(_READ[what](content)))
    return 0


def _menu(content: bytes) -> list[Told]:
    return [Told(fact.says.value, fact.untrusted_value, fact.line) for fact in read(content)]


def _table(content: bytes) -> list[Told]:
    guard = Guard(Limits(), Unbounded(), len(content))
    found = efi_partitions(Source(content), guard)
    return [Told(EFI, f"{start}:{length}", number) for number, (start, length) in found]


_READ = {MENU: _menu, TABLE: _table}


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
