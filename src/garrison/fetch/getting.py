"""One wanted file: asked for under conditions, gone on with where it was cut, tried again, and put into the spool."""

import contextlib
import errno
import json
import os
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Any, BinaryIO

from garrison.base.errors import Invalid
from garrison.base.text import size
from garrison.fetch.local import Locals
from garrison.fetch.pace import Deadline, OutOfTime, deadline
from garrison.fetch.requests import Answer, Requester, refusal
from garrison.fetch.trouble import Trouble
from garrison.wire.addresses import Address, parse_address
from garrison.wire.fetching import Arrived, Line, Wanted, part_name

_PIECE_BYTES = 1024 * 1024
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_MOST_TAG = 500
_FIRST_PAUSE_SECONDS = 1.0
_MOST_PAUSE_SECONDS = 60.0

Progress = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a file from an earlier try. validator: what tells that the file is still the same."""

    size: int = 0
    etag: str = ""
    modified: str = ""

    @property
    def validator(self) -> str:
        """Return what If-Range takes (RFC 9110, 13.1.5): a strong tag, else the time."""
        return self.etag if self.etag and not self.etag.startswith("W/") else self.modified


@dataclass(slots=True)
class Taken:
    """A file that came, or (has_file false) did not have to. transferred: its bytes from the network."""

    has_file: bool
    size: int = 0
    etag: str = ""
    modified: str = ""


class Getter:
    """Gets files into the current folder. transferred: the content's bytes that came over the network so far."""

    def __init__(self, line: Line, requester: Requester, opened: Locals) -> None:
        self._line = line
        self._requester = requester
        self._locals = opened
        self.transferred = 0

    def get(self, index: int, wanted: Wanted, progress: Progress) -> Arrived:
        """Get a file; a failure is in the answer."""
        before, failure, taken = self.transferred, "", Taken(False)
        try:
            taken = self.take(wanted, progress)
        except Trouble as trouble:
            failure = trouble.text
        came = self.transferred - before
        return Arrived(index, taken.has_file, taken.size, came, taken.etag, taken.modified, failure)

    def take(self, wanted: Wanted, progress: Progress) -> Taken:
        """Get a file. Raises Trouble."""
        try:
            address = parse_address(wanted.address)
        except Invalid as error:
            raise Trouble(error.text) from error
        try:
            if address.is_file:
                return self._copied(address, wanted, progress)
            with deadline(self._line.seconds) as end, _only_useful_parts(address):
                return self._tried(address, wanted, progress, end)
        except OutOfTime:
            raise Trouble(f"{address.host} was too slow: {self._line.seconds:g} seconds were not enough.") from None
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                forget_part(address)  # whoever is short of space gets it back
            raise Trouble(f"What came could not be written: {(error.strerror or str(error)).lower()}.") from error

    def _copied(self, address: Address, wanted: Wanted, progress: Progress) -> Taken:
        descriptor, status = self._locals.open(address.text)
        with open(descriptor, "rb") as source:
            tag = f'"{status.st_size}-{status.st_mtime_ns}"'
            if tag == wanted.etag:
                return Taken(False)
            if status.st_size > wanted.most_bytes:
                raise too_large(address.text, status.st_size, wanted.most_bytes)
            pieces = iter(lambda: source.read(_PIECE_BYTES), b"")
            with _created(wanted.name) as file:
                got = _write(pieces, file, 0, wanted.most_bytes, lambda done: progress(done, status.st_size))
        return Taken(True, got, tag, formatdate(status.st_mtime, usegmt=True))

    def _tried(self, address: Address, wanted: Wanted, progress: Progress, end: Deadline) -> Taken:
        """Try until it works, or as often as the line says."""
        for attempt in range(1, self._line.tries + 1):
            try:
                return self._asked(address, wanted, progress, end)
            except Trouble as trouble:
                if not trouble.may_pass or attempt == self._line.tries:
                    raise
                time.sleep(max(trouble.wait, pause(attempt)))
        raise Trouble("It was not to be tried even once.")

    def _asked(self, address: Address, wanted: Wanted, progress: Progress, end: Deadline) -> Taken:
        part = found_part(address)
        with self._requester.ask(address, _conditions(wanted, part), wanted.hosts, wanted.header) as answer:
            if answer.status == 304 and (wanted.etag or wanted.modified) and not part.size:
                return Taken(False, 0, wanted.etag, wanted.modified)
            if answer.status == 416 and part.size:
                forget_part(address)
                raise Trouble(f"{address.host} has another file by now.", may_pass=True)
            if answer.status not in {200, 206}:
                raise refusal(answer, address.host)
            return self._received(answer, address, wanted, part, progress, end)

    def _received(
        self, answer: Answer, address: Address, wanted: Wanted, part: Part, progress: Progress, end: Deadline
    ) -> Taken:
        start, total = _extent(answer, address, part)
        if total is not None and total > wanted.most_bytes:
            forget_part(address)
            raise too_large(address.host, total, wanted.most_bytes)
        etag, modified = (answer.headers.get(name, "")[:_MOST_TAG] for name in ("ETag", "Last-Modified"))
        with _part_of(address, Part(start, etag, modified)) as file:
            done = _write(
                self._counted(answer.pieces(), end), file, start, wanted.most_bytes, lambda now: progress(now, total)
            )
        if total is not None and done != total:
            raise Trouble(f"{address.host} broke off after {size(done)} of {size(total)}.", may_pass=True)
        os.rename(part_name(address.text), wanted.name)
        forget_part(address)
        return Taken(True, done, etag, modified)

    def _counted(self, pieces: Iterable[bytes], end: Deadline) -> Iterable[bytes]:
        """Count what comes; the time that our own limit of speed takes is no fault of the server's."""
        for piece in pieces:
            self.transferred += len(piece)
            if seconds := self._requester.pace.seconds(len(piece)):
                end.extend(seconds)
            yield piece


def pause(attempt: int) -> float:
    """Return how long to wait after a try that failed: longer each time, and never as long as others wait."""
    most = min(_MOST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return random.uniform(most / 2, most)  # noqa: S311 # nobody gains by guessing it


def too_large(where: str, found: int, most: int) -> Trouble:
    """Return what is said of a file that is larger than it may be."""
    return Trouble(f"{where} sends {size(found)}, where {size(most)} are the most that is taken.")


def _conditions(wanted: Wanted, part: Part) -> Mapping[str, str]:
    if part.size:
        return {"Range": f"bytes={part.size}-", "If-Range": part.validator}
    conditions = {"If-None-Match": wanted.etag, "If-Modified-Since": wanted.modified}
    return {name: value for name, value in conditions.items() if value}


def _extent(answer: Answer, address: Address, part: Part) -> tuple[int, int | None]:
    """Return where the content of an answer begins in the file, and how long that is. Raises Trouble."""
    if answer.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise Trouble(f"{address.host} packs what was to come as it is.")
    if answer.status == 206:
        found = _RANGE.fullmatch(answer.headers.get("Content-Range", "").strip())
        if not found or found[3] == "*" or not part.size or int(found[1]) != part.size:
            forget_part(address)
            raise Trouble(f"{address.host} sends another part than was asked for.", may_pass=True)
        return part.size, int(found[3])
    said = answer.headers.get("Content-Length", "")
    return 0, int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _write(pieces: Iterable[bytes], file: BinaryIO, start: int, most: int, progress: Callable[[int], None]) -> int:
    """Write pieces until they end; return the size of the file. Raises Trouble when it grows too large."""
    done = start
    for piece in pieces:
        done += len(piece)
        if done > most:
            file.seek(0)
            file.truncate()  # nothing of it is of use
            raise Trouble(f"More came than the {size(most)} that are taken at most.")
        file.write(piece)
        progress(done)
    return done


def _created(name: str) -> BinaryIO:
    return open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "wb")


def found_part(address: Address) -> Part:
    """Return what is there of a file from an earlier try; nothing where it cannot be told what it is of."""
    name = part_name(address.text)
    try:
        about: dict[str, Any] = json.loads(Path(f"{name}.json").read_bytes())
        part = Part(os.stat(name, follow_symlinks=False).st_size, str(about["etag"]), str(about["modified"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Part()
    return part if part.validator else Part()


def forget_part(address: Address) -> None:
    """Remove what is there of a file."""
    name = part_name(address.text)
    for path in (name, f"{name}.json"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


@contextlib.contextmanager
def _only_useful_parts(address: Address) -> Iterator[None]:
    """When it fails, keep what came only where going on with it is possible."""
    try:
        yield
    except BaseException:
        if not found_part(address).size:
            forget_part(address)
        raise


@contextlib.contextmanager
def _part_of(address: Address, part: Part) -> Iterator[BinaryIO]:
    """Open the file that a download is written to, to go on at the part's size; the note beside it says what it is."""
    name = part_name(address.text)
    if not part.size:
        forget_part(address)
        Path(f"{name}.json").write_bytes(json.dumps({"etag": part.etag, "modified": part.modified}).encode("ascii"))
    flags = os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC | (0 if part.size else os.O_CREAT | os.O_EXCL)
    with open(os.open(name, flags, 0o600), "wb") as file:
        file.seek(part.size)
        yield file
