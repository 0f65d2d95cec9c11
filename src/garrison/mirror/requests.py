"""What others ask for: HTTP/1.1 as far as a mirror needs it, and every other byte refused (RFC 9110, RFC 9112)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MOST_HEAD_BYTES: Final = 8192
_MOST_LINES = 64
_FIRST = re.compile(rb"([A-Z]{1,20}) (/[\x21-\x7e]{0,2000}) HTTP/1\.([01])")
_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_METADATA = re.compile(r"/metadata/((?:[1-9]\d{0,8}\.(?:root|snapshot|targets)|root|timestamp)\.json)")
_TARGET = re.compile(
    r"/targets/((?:[A-Za-z0-9][A-Za-z0-9._+-]{0,127}/){0,6}([0-9a-f]{64,128})\.[A-Za-z0-9][A-Za-z0-9._+-]{0,199})"
)


class Refusal(Exception):
    """A request that is not answered. After it the connection is closed: what follows cannot be told from its rest."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request. headers: by name in lower case. keeps: whether another may follow on the connection."""

    method: str
    target: str
    headers: Mapping[str, str]
    keeps: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A file that is served. steps: the folders that lead to it, and its name. tag: its ETag, "" to be made."""

    steps: tuple[str, ...]
    tag: str
    lasts: bool


def parse(head: bytes) -> Request:
    """Return the request in a head, its empty line included. Raises Refusal."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    found = _FIRST.fullmatch(first)
    if found is None or len(lines) > _MOST_LINES:
        raise Refusal(400)
    headers = _headers(lines)
    is_newer = found[3] == b"1"
    if is_newer and "host" not in headers:
        raise Refusal(400)
    if "transfer-encoding" in headers or headers.get("content-length", "0") != "0":
        raise Refusal(400)  # nobody sends a mirror anything
    method = found[1].decode("ascii")
    if method not in {"GET", "HEAD"}:
        raise Refusal(405)
    keeps = is_newer and "close" not in headers.get("connection", "").lower()
    return Request(method, found[2].decode("ascii"), headers, keeps)


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        found = _LINE.fullmatch(line)
        if found is None:
            raise Refusal(400)
        name = found[1].decode("ascii").lower()
        if name in headers and name in {"host", "content-length", "range", "if-range"}:
            raise Refusal(400)  # which of the two would be meant
        headers[name] = found[2].decode("latin-1").strip()
    return headers


def named(target: str) -> Named | None:
    """Return which file is asked for, None for none that a mirror has. Nothing is decoded, so nothing is hidden."""
    if found := _METADATA.fullmatch(target):
        return Named(("metadata", found[1]), "", lasts=found[1][0].isdigit())
    if found := _TARGET.fullmatch(target):
        return Named(("targets", *found[1].split("/")), f'"{found[2]}"', lasts=True)
    return None


def wanted_part(request: Request, size: int, validators: tuple[str, str]) -> tuple[int, int] | None:
    """Return the part of a file that is asked for, from one place to before another; None for all of it.

    validators: its ETag and when it was changed. Raises Refusal when there is no such part.
    """
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None or found[0] == "bytes=-" or request.method != "GET":
        return None
    condition = request.headers.get("if-range")
    if condition is not None and condition not in validators:
        return None
    if not found[1]:
        start, end = max(0, size - int(found[2])), size
    else:
        start, end = int(found[1]), min(size, int(found[2]) + 1) if found[2] else size
    if found[1] and found[2] and int(found[1]) > int(found[2]):
        return None  # it is no range at all
    if start >= size:
        raise Refusal(416)
    return start, end


def is_unchanged(request: Request, validators: tuple[str, str]) -> bool:
    """Return whether whoever asks has the file already. validators: its ETag and when it was changed."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags == "*" or validators[0] in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    return request.headers.get("if-modified-since") == validators[1]
