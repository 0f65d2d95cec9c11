"""What a mirror answers: files of its folder, opened step by step so that no link leads out of it."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus

from garrison.mirror.requests import Named, Refusal, Request, is_unchanged, named, wanted_part

_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LASTS_SECONDS = 86_400


@dataclass(slots=True)
class Answer:
    """An answer. file: a descriptor, None without content. The content is what lies in it from start to end."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    file: int | None = None
    start: int = 0
    end: int = 0
    keeps: bool = False

    def head(self) -> bytes:
        """Return all that stands before the content."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"Date: {formatdate(usegmt=True)}", f"Connection: {'keep-alive' if self.keeps else 'close'}", "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            os.close(self.file)
            self.file = None


def refusal(status: int, headers: Mapping[str, str] | None = None, *, keeps: bool = False) -> Answer:
    """Return an answer without content."""
    more = {"Allow": "GET, HEAD"} if status == 405 else {"Retry-After": "5"} if status == 503 else {}
    return Answer(status, {"Content-Length": "0", **more, **(headers or {})}, keeps=keeps)


def answer(folder: int, request: Request) -> Answer:
    """Return the answer to a request, which has to be closed. Raises Refusal."""
    wanted = named(request.target)
    try:
        file = None if wanted is None else _opened(folder, wanted.steps)
    except OSError:
        file = None  # whatever is wrong with it: there is nothing to be had
    if wanted is None or file is None:
        return refusal(404, keeps=request.keeps)
    try:
        found = _of_file(file, wanted, request)
    except BaseException:
        os.close(file)
        raise
    if found.file is None:
        os.close(file)
    return found


def _of_file(file: int, wanted: Named, request: Request) -> Answer:
    about = os.fstat(file)
    if not stat.S_ISREG(about.st_mode):
        return refusal(404, keeps=request.keeps)
    size = about.st_size
    tag = wanted.tag or f'"{about.st_ino:x}-{size:x}-{about.st_mtime_ns:x}"'
    validators = (tag, formatdate(about.st_mtime, usegmt=True))
    headers = {
        "ETag": tag,
        "Last-Modified": validators[1],
        "Accept-Ranges": "bytes",
        "Cache-Control": f"max-age={_LASTS_SECONDS}" if wanted.lasts else "no-cache",
        "X-Content-Type-Options": "nosniff",
    }
    if is_unchanged(request, validators):
        return Answer(304, headers, keeps=request.keeps)
    try:
        part = wanted_part(request, size, validators)
    except Refusal as refused:
        return refusal(refused.status, {"Content-Range": f"bytes */{size}"}, keeps=request.keeps)
    start, end = part or (0, size)
    headers |= {"Content-Type": "application/octet-stream", "Content-Length": str(end - start)}
    if part:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    content = None if request.method == "HEAD" else file
    return Answer(206 if part else 200, headers, content, start, end, keeps=request.keeps)


def _opened(folder: int, steps: tuple[str, ...]) -> int:
    """Open a file under a folder; no step may be a link. Raises OSError."""
    current = os.dup(folder)
    try:
        for step in steps[:-1]:
            deeper = os.open(step, _FOLDER, dir_fd=current)
            os.close(current)
            current = deeper
        return os.open(steps[-1], _FILE, dir_fd=current)
    finally:
        os.close(current)
