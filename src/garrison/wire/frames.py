"""One JSON object a line, length-capped, between the door and its callers.

File names may be any bytes. They travel as text with the undecodable bytes as lone surrogates (PEP 383), which JSON
escapes carry unharmed as long as the line itself is plain ASCII; that is why nothing here writes anything else.
"""

import json
from typing import Any

REQUEST_CAP = 4 * 1024 * 1024  # bytes a caller may send in one line
ANSWER_CAP = 256 * 1024 * 1024  # bytes the door may answer in one line


def encode(message: dict[str, Any]) -> bytes:
    """Return a message as one line. Raises ValueError or TypeError for what JSON cannot hold."""
    try:
        line = json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return line.encode("ascii") + b"\n"


def decode(untrusted_line: bytes) -> dict[str, Any]:
    """Return the message in a line. Raises ValueError when it is no JSON object."""
    try:
        message = json.loads(untrusted_line.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not an object")  # noqa: TRY004 # one kind of error for one kind of mistake
    return message


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
