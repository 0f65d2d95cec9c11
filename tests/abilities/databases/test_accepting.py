"""Bombs, before the process that really looks at feeds: refused in a sentence, with little memory, soon."""

import dataclasses
import functools
import gzip
import io
import json
import os
import re
import subprocess
import tarfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.abilities.databases.accepting import answered, request_for
from garrison.abilities.databases.compiler import _ENVIRONMENT
from garrison.abilities.databases.feeds.feed import Accepted, Came, Feed
from garrison.base.errors import Failed
from garrison.base.paths import own_program
from garrison.engine.signatures.proofs import Trust
from tests.engine.signatures import keys

MIB = 1024 * 1024
LITTLE_MIB = 300


@dataclasses.dataclass(frozen=True)
class Answer:
    plain: dict[str, object]
    peak_mib: float
    seconds: float

    @property
    def refusal(self) -> str:
        error = self.plain["error"]
        assert isinstance(error, dict)
        return str(error["text"])


def ask(tmp_path: Path, kind: str, content: bytes | Iterator[bytes], trust: Trust | None = None) -> Answer:
    """Have the process look at one file, and say what it used."""
    name = {"yara": "rules", "clamav": "own.cvd", "vulnerabilities": "dump", "signatures": "signatures"}.get(
        kind, "list"
    )
    (tmp_path / "came").mkdir()
    with (tmp_path / "came" / name).open("wb") as file:
        for piece in [content] if isinstance(content, bytes) else content:
            file.write(piece)
    feed = Feed("one", kind, "https://x.example/own.cvd" if kind == "clamav" else "https://x.example/x.ndb", "The feed")
    came = Came(feed, tmp_path / "came", frozenset({name, "own-7.cvd.sign"}), tmp_path / "kept")
    request = request_for(came, tmp_path / "to", trust or keys.trust()) | {"parent": os.getpid()}
    command = own_program("garrison.abilities.databases.compiling")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=_ENVIRONMENT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(request).encode())
        process.stdin.close()
        peak = 0
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            peak = memory(process.pid) or peak
            time.sleep(0.002)
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        said, used = process.stdout.read(), ended[2]
    assert process.returncode == 0
    return Answer(json.loads(said), peak / 1024, used.ru_utime + used.ru_stime)


def memory(process: int) -> int:
    """Return the most memory that a process has had so far, in KiB; 0 when it has ended."""
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) if found is not None else 0


@functools.cache
def zeros(mib: int, content: bytes = b"\0") -> bytes:
    """Return gzip of so many MiB of the same."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join([*(packer.compress(content * (MIB // len(content))) for _ in range(mib)), packer.flush()])


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a.yar", "w") as member:
        for _ in range(600):
            member.write(bytes(MIB))
    return file.getvalue()


def tar_with_header(kind: bytes) -> bytes:
    """Return gzip of a tar whose header says that a name or its like of 600 MiB follows, which does."""
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, 600 * MIB
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    head = packer.compress(info.tobuf(tarfile.GNU_FORMAT))
    return b"".join([head, *(packer.compress(b"7" * MIB) for _ in range(600)), packer.flush()])


def zip_of_many() -> bytes:
    """Return a zip whose list of files is 60 MiB long."""
    entry = b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"a"
    entries = entry * (60 * MIB // len(entry))
    end = b"PK\x05\x06" + bytes(4) + b"\xff\xff" * 2 + len(entries).to_bytes(4, "little") + bytes(6)
    return b"PK\x03\x04" + entries + end


BOMBS = {
    "zip of zeros": ("yara", zip_bomb),
    "gzip of zeros, as rules": ("yara", lambda: zeros(600)),
    "gzip of zeros, as digests": ("hashes", lambda: zeros(1100)),
    "gzip of line ends, as digests": ("hashes", lambda: zeros(31, b"\n")),
    "gzip of zeros, as signatures": ("signatures", lambda: zeros(600)),
    "gzip of zeros, as addresses": ("urls", lambda: zeros(600)),
    "gzip in gzip": ("hashes", lambda: gzip.compress(zeros(600))),
    "a tar with a name without end": ("yara", lambda: tar_with_header(tarfile.GNUTYPE_LONGNAME)),
    "a tar with attributes without end": ("yara", lambda: tar_with_header(tarfile.XHDTYPE)),
    "a tar with a large file": ("yara", lambda: tar_with_header(tarfile.REGTYPE)),
    "a zip of many files": ("urls", zip_of_many),
    "data of countless parts": ("vulnerabilities", lambda: b"[" + b"[]," * (30 * MIB)),
    "a container of zeros": ("clamav", lambda: keys.container(zeros(600), signature=b"X")),
}


@pytest.mark.parametrize("name", list(BOMBS))
def test_a_bomb_is_refused_with_little_memory(name: str, tmp_path: Path) -> None:
    kind, make = BOMBS[name]
    answer = ask(tmp_path, kind, make(), Trust(allow_unsigned=True))
    assert answer.refusal.endswith("."), answer
    assert answer.peak_mib < LITTLE_MIB, answer
    assert answer.seconds < 60, answer


def test_an_honest_list_of_a_million_lines_takes_little_memory(tmp_path: Path) -> None:
    answer = ask(tmp_path, "hashes", (b"%032x:1:Listed\n" % number for number in range(1_000_000)))
    assert answer.plain["about"] == {"lines": "1000000"}
    assert answer.peak_mib < LITTLE_MIB


def test_answers_are_understood_and_nonsense_is_told() -> None:
    assert answered({"more": [], "about": {"a": "1"}, "digest": "ab"}) == Accepted(about={"a": "1"}, digest="ab")
    (file,) = answered({"more": [["/x", "x", 5, True]], "about": {}, "digest": ""}).more
    assert (file.address, file.most_bytes, file.is_optional) == ("/x", 5, True)
    for plain in ({}, {"more": [[1]], "about": {}}, {"more": 5, "about": {}}):
        with pytest.raises(Failed, match="nonsense"):
            answered(plain)
