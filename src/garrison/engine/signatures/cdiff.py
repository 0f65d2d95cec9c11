"""ClamAV's differences from one version of a database to the next (.cdiff; shared/cdiff.c).

`ClamAV-Diff:version:size:`, then gzip of `size` bytes of commands, then `:` and a PSS signature of all before it:

    OPEN file                           what follows, up to CLOSE, is about this one; it is done at CLOSE
    ADD line                            at the end of the file
    DEL number beginning                line by its old number; it has to begin so
    XCHG number beginning line          puts another line in its place
    CLOSE
    MOVE from to number beginning number beginning    lines from one file to the end of another
    UNLINK file
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust, proves_file, proves_sha256

_HEADER = re.compile(rb"ClamAV-Diff:(\d{1,9}):(\d{1,10}):")
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9.]{0,99}\Z")
_MOST_UNPACKED = 1024**3
_SIGNATURE_BYTES = 350
_UNSIGNED = {b"", b"X"}


@dataclass(slots=True)
class _Open:
    """The file between OPEN and CLOSE, and what shall become of it. Lines by their number, from 1."""

    name: str
    added: list[bytes] = field(default_factory=list)
    removed: dict[int, bytes] = field(default_factory=dict)
    changed: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)


def version_of(diff: bytes) -> int:
    """Return the version that a difference leads to. Raises Invalid."""
    header = _HEADER.match(diff)
    if header is None:
        raise _refused("it does not begin like one")
    return int(header[1])


def apply(files: Mapping[str, bytes], diff: bytes, trust: Trust, proof: bytes = b"") -> dict[str, bytes]:
    """Return the files of a database as they are after a difference; all of it is done, or nothing.

    files: content by name, as they are before. proof: the .sign file beside the difference, or b"". Raises Invalid with
    the reason: nobody we trust has signed it, it is damaged, or it does not fit these files.
    """
    script = _Script(dict(files))
    for number, line in enumerate(_commands(diff, trust, proof).splitlines(), 1):
        if line.strip() and not line.startswith(b"#"):
            try:
                script.run(line)
            except ValueError as error:
                raise _refused(f"line {number}: {error}") from error
    if script.open is not None:
        raise _refused(f"{script.open.name} is not closed")
    return script.files


def _commands(diff: bytes, trust: Trust, proof: bytes) -> bytes:
    header = _HEADER.match(diff)
    if header is None:
        raise _refused("it does not begin like one")
    end = diff.rfind(b":", max(header.end(), len(diff) - _SIGNATURE_BYTES))
    end = len(diff) if end < 0 else end
    signature = diff[end + 1 :].strip()
    if proof:
        if not proves_file(hashlib.sha256(diff).digest(), proof, trust):
            raise _refused("the signature beside it is not by anybody we trust, or not of this file")
    elif signature in _UNSIGNED:
        if not trust.allow_unsigned:
            raise _refused("nobody has signed it")
    elif not proves_sha256(hashlib.sha256(diff[:end]).digest(), signature, trust.pss_key):
        raise _refused("its signature is not right")
    size = int(header[2])
    if size > _MOST_UNPACKED:
        raise _refused("it unpacks to too much")
    try:
        commands = zlib.decompressobj(31).decompress(diff[header.end() : end], size + 1)
    except zlib.error as error:
        raise _refused("it is damaged") from error
    if len(commands) != size:
        raise _refused("it is damaged: it has another size than its header says")
    return commands


class _Script:
    """Carries out commands on files in memory; each raises ValueError when it does not fit them."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.open: _Open | None = None

    def run(self, line: bytes) -> None:
        word, _, rest = line.partition(b" ")
        command = _COMMANDS.get(word)
        if command is None:
            raise ValueError("an unknown command")
        count, do = command
        arguments = rest.split(b" ", count - 1) if count else []
        if len(arguments) != count or not all(arguments):
            raise ValueError("too few words")
        do(self, arguments)

    def opened(self, arguments: list[bytes]) -> None:
        if self.open is not None:
            raise ValueError(f"{self.open.name} is not closed")
        self.open = _Open(_name(arguments[0]))

    def add(self, arguments: list[bytes]) -> None:
        self._current().added.append(arguments[0])

    def remove(self, arguments: list[bytes]) -> None:
        self._current().removed[_number(arguments[0])] = arguments[1]

    def change(self, arguments: list[bytes]) -> None:
        self._current().changed[_number(arguments[0])] = arguments[1], arguments[2]

    def close(self, _arguments: list[bytes]) -> None:
        current = self._current()
        if current.removed or current.changed:
            lines = self._lines(current.name)
            for number, beginning in current.removed.items():
                _expect(lines, number, beginning)
            for number, (beginning, line) in current.changed.items():
                if number in current.removed:
                    raise ValueError(f"line {number} is removed and changed")
                _expect(lines, number, beginning)
                lines[number - 1] = line + b"\n"
            kept = [line for number, line in enumerate(lines, 1) if number not in current.removed]
            self.files[current.name] = b"".join(kept)
        if current.added:
            before = self.files.get(current.name, b"")
            self.files[current.name] = before + b"".join(line + b"\n" for line in current.added)
        self.open = None

    def move(self, arguments: list[bytes]) -> None:
        if self.open is not None:
            raise ValueError(f"{self.open.name} is not closed")
        source, target = _name(arguments[0]), _name(arguments[1])
        first, last = _number(arguments[2]), _number(arguments[4])
        lines = self._lines(source)
        if last < first or source == target:
            raise ValueError("nothing to move")
        _expect(lines, first, arguments[3])
        _expect(lines, last, arguments[5])
        moved = b"".join(lines[first - 1 : last])
        self.files[source] = b"".join(lines[: first - 1] + lines[last:])
        self.files[target] = self.files.get(target, b"") + moved

    def unlink(self, arguments: list[bytes]) -> None:
        if self.open is not None:
            raise ValueError(f"{self.open.name} is not closed")
        if self.files.pop(_name(arguments[0]), None) is None:
            raise ValueError("there is no such file")

    def _current(self) -> _Open:
        if self.open is None:
            raise ValueError("no file is open")
        return self.open

    def _lines(self, name: str) -> list[bytes]:
        if name not in self.files:
            raise ValueError(f"there is no file {name}")
        return [line + b"\n" for line in self.files[name].removesuffix(b"\n").split(b"\n")] if self.files[name] else []


_COMMANDS: Final[Mapping[bytes, tuple[int, Callable[[_Script, list[bytes]], None]]]] = {
    b"OPEN": (1, _Script.opened),
    b"ADD": (1, _Script.add),
    b"DEL": (2, _Script.remove),
    b"XCHG": (3, _Script.change),
    b"CLOSE": (0, _Script.close),
    b"MOVE": (6, _Script.move),
    b"UNLINK": (1, _Script.unlink),
}


def _expect(lines: list[bytes], number: int, beginning: bytes) -> None:
    if not 1 <= number <= len(lines) or not lines[number - 1].startswith(beginning):
        raise ValueError(f"line {number} is another than expected")


def _name(text: bytes) -> str:
    if not _NAME.match(text):
        raise ValueError("no name of a file")
    return text.decode("ascii")


def _number(text: bytes) -> int:
    if not text.isdigit() or len(text) > 9:
        raise ValueError("no number of a line")
    return int(text)


def _refused(why: str) -> Invalid:
    return Invalid("The update cannot be applied: {why}.", why=why)
