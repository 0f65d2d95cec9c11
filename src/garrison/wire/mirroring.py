"""What the daemon and the process that serves an office say to each other: one job in, one answer out.

The job is one JSON document on standard input, the answer one line of JSON on standard output: that it listens, or why
it cannot. The folder that is served is a descriptor that the process inherits.
"""

import json
from dataclasses import asdict, dataclass
from typing import Final

from garrison.base.errors import GarrisonError, error_from_plain

LINE_BYTES: Final = 16 * 1024
_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class ServeJob:
    """Serve a folder. folder: its descriptor. address: "" for all that the computer has. port: 0 for any free one."""

    folder: int
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Listening:
    """It serves. port: where it listens."""

    port: int


class Nonsense(Exception):
    """An answer is none of ours."""


def encode_job(job: ServeJob) -> bytes:
    """Return a job as it stands on the process's standard input."""
    return json.dumps(asdict(job)).encode("ascii")


def decode_job(content: bytes) -> ServeJob:
    """Return the job. Raises ValueError, KeyError, TypeError: nobody but our daemon writes one."""
    return ServeJob(**json.loads(content))


def encode_answer(answer: Listening | GarrisonError) -> bytes:
    """Return an answer as one line."""
    plain = {"error": answer.to_plain()} if isinstance(answer, GarrisonError) else asdict(answer)
    return json.dumps(plain).encode("ascii") + b"\n"


def decode_answer(untrusted: bytes) -> Listening | GarrisonError:
    """Return the answer in a line. Raises Nonsense."""
    try:
        plain = json.loads(untrusted)
        if "error" in plain:
            return error_from_plain(plain["error"])
        port = plain["port"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Nonsense(str(error)) from error
    if type(port) is not int or not 0 < port <= _MOST_PORT:
        raise Nonsense("no such port")
    return Listening(port)
