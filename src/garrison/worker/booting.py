"""Reads a boot loader's settings in a sandbox: `python -I -m garrison.worker.booting CONNECTION FILE PARENT`.

CONNECTION and FILE are descriptors: a socket for the answer, and the file, open for reading. PARENT is who asks, by
number. See `garrison.wire.booting`.
"""

import os
import socket
import sys

from garrison.engine.booting.grub import MOST_BYTES, read
from garrison.linux import sandbox, seccomp
from garrison.wire.booting import Told, encode

_MEMORY_BYTES = 256 * 1024 * 1024
_CPU_SECONDS = 10


def main(connection: int, file: int, parent: int) -> int:
    """Read the settings and answer; return the exit code."""
    answer = socket.socket(fileno=connection)
    account = sandbox.worker_account() if os.geteuid() == 0 else None
    seccomp.supported_architecture()
    content = os.pread(file, MOST_BYTES + 1, 0)
    sandbox.isolate()
    sandbox.close(connection, parent, sandbox.Confinement(_MEMORY_BYTES, _CPU_SECONDS), account)
    answer.sendall(encode(Told(fact.says.value, fact.untrusted_value, fact.line) for fact in read(content)))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
