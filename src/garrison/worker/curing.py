"""Cures one file in a sandbox of its own: `python -I -m garrison.worker.curing CONNECTION FILE REQUEST`.

CONNECTION and FILE are descriptors: a socket for the answer, and the file, open for reading. See
`garrison.wire.curing`.
"""

import os
import socket
import sys

from garrison.base.errors import GarrisonError
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.curing import Cured, NotCurable, cure
from garrison.engine.source import Source
from garrison.engine.verdict import Verdict
from garrison.linux import sandbox, seccomp
from garrison.wire.curing import Head, Request
from garrison.wire.examination import EVERYTHING, Setup
from garrison.worker.examiner import DatabaseExaminer, open_examiner
from garrison.worker.serving import MIB


def main(connection: int, file: int, request: Request) -> int:
    """Cure the file and answer; return the exit code."""
    answer = socket.socket(fileno=connection)
    account = sandbox.worker_account() if os.geteuid() == 0 else None
    seccomp.supported_architecture()
    try:
        examiner, content = _ready(file, request)
    except (GarrisonError, OSError) as error:
        answer.sendall(Head(why=f"it could not be begun: {error}").encode())
        return 0
    sandbox.isolate()
    cpu_seconds = int(request.seconds) + 1
    sandbox.close(connection, request.parent, sandbox.Confinement(request.memory_mib * MIB, cpu_seconds), account)
    try:
        cured = _cured(content, request, examiner)
    except NotCurable as reason:
        answer.sendall(Head(why=str(reason)).encode())
        return 0
    answer.sendall(Head(len(cured.content), cured.removed).encode())
    answer.sendall(cured.content)
    return 0


def _ready(file: int, request: Request) -> tuple[DatabaseExaminer, bytes]:
    """Open the databases and read the file, while that is still possible."""
    setup = Setup(request.databases, request.limits, request.seconds, request.memory_mib, request.heuristics)
    examiner = open_examiner(setup)
    examiner.prepare(EVERYTHING)
    examiner.warm_up()
    most = Limits(**request.limits).object_bytes
    content = Source(file).read_at(0, most + 1)
    return examiner, content if len(content) <= most else b""


def _cured(content: bytes, request: Request, examiner: DatabaseExaminer) -> Cured:
    if not content:
        raise NotCurable("it is too large")

    def is_clean(candidate: bytes) -> bool:
        """Return whether nothing is found, by the same way as everywhere."""
        return not Verdict.from_plain(examiner.examine_content(candidate, request.name, Unbounded())).findings

    return cure(content, is_clean)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), Request.from_text(sys.argv[3])))
