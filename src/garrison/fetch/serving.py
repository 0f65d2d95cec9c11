"""The process: reads its job, gives up what it needs not, does the job and tells what becomes of it."""

import encodings.idna  # noqa: F401 # names that are not ASCII need it, and later no file of Python can be opened
import os
import signal
import sys

from garrison.base.errors import Failed, GarrisonError
from garrison.fetch.getting import Getter
from garrison.fetch.local import Locals
from garrison.fetch.pace import Seldom
from garrison.fetch.requests import Requester
from garrison.fetch.sending import Mailer, send
from garrison.fetch.trusting import refresh
from garrison.linux import online
from garrison.wire.addresses import parse_address
from garrison.wire.fetching import (
    Arrived,
    Done,
    GetJob,
    Job,
    Message,
    Problem,
    Progress,
    SendJob,
    TrustedJob,
    decode_job,
    encode_message,
)

_PROGRESS_SECONDS = 0.2


def main() -> int:
    """Do the job on standard input; return the exit code."""
    parent = os.getppid()
    job = decode_job(sys.stdin.buffer.read())
    try:
        opened = Locals(local_paths(job))
        requester = Requester(job.line, tell)
        mailer = Mailer(tell)  # what it reads of the computer it could not read later, as the requester
        online.confine(parent, opened.descriptors())
        if isinstance(job, SendJob):
            send(job, requester, mailer)
        else:
            do(job, requester, opened)
    except GarrisonError as error:
        tell(Problem(error))
    except MemoryError:
        tell(Problem(Failed("Fetching needed too much memory.")))
    tell(Done())
    return 0


def local_paths(job: Job) -> list[str]:
    """Return which of the addresses are on this computer."""
    if isinstance(job, SendJob):
        return []
    addresses = job.sources if isinstance(job, TrustedJob) else tuple(wanted.address for wanted in job.wanted)
    parsed = [parse_address(address) for address in addresses]
    return [address.text for address in parsed if address.is_file]


def do(job: GetJob | TrustedJob, requester: Requester, opened: Locals) -> None:
    """Fetch what a job names."""
    getter = Getter(job.line, requester, opened)
    if isinstance(job, TrustedJob):
        tell(refresh(job, getter, Seldom(_PROGRESS_SECONDS, lambda done, total: tell(Progress(done, total)))))
    else:
        get_all(job, getter)


def get_all(job: GetJob, getter: Getter) -> None:
    """Get the wanted files, one after the other: what fails keeps none of the others back."""
    finished = 0
    for index, wanted in enumerate(job.wanted):
        is_last, before = index == len(job.wanted) - 1, finished

        def progress(done: int, total: int | None, before: int = before, is_last: bool = is_last) -> None:
            tell(Progress(before + done, before + total if total is not None and is_last else None))

        arrived: Arrived = getter.get(index, wanted, Seldom(_PROGRESS_SECONDS, progress))
        finished += arrived.size
        tell(Progress(finished, finished if is_last else None))
        tell(arrived)


def tell(message: Message) -> None:
    """Say something to whoever started this."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})  # a deadline must not cut a line in two
    try:
        sys.stdout.buffer.write(encode_message(message))
        sys.stdout.buffer.flush()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
