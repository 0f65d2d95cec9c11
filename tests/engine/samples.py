"""The test virus, put together here so that no scanner finds it in this repository, and a set that knows it."""

import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.signatures.build import BuildReport, Options, Origin, build
from garrison.engine.source import Source
from garrison.engine.verdict import Verdict

EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode("ascii")
LISTED = b"a harmless text that the list of digests names\n"

RULES = r"""
rule eicar_test_file {
    meta:
        threat = "EICAR-Test-File"
        kind = "test"
        certainty = "known"
    strings:
        $a = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" ascii
        $b = "STANDARD-ANTIVIRUS-TEST-FILE!$H+H*" ascii
    condition:
        $a at 0 and $b and filesize < 128
}
rule strange_shell {
    meta:
        threat = "Strange.Shell"
        kind = "backdoor"
    strings:
        $a = "strange-marker"
    condition:
        object_type == "shell" and $a
}
"""

LIST = f"# one line\n{hashlib.sha256(LISTED).hexdigest()}:{len(LISTED)}:Listed.Thing:test\n".encode()


class Folder:
    """A sink in memory."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        self.files[name] = file.getvalue()

    def scratch(self) -> BinaryIO:
        return io.BytesIO()


def descriptor(content: bytes) -> int:
    """Return an open descriptor of a file without a name."""
    number = os.memfd_create("sample", os.MFD_CLOEXEC)
    os.write(number, content)
    return number


def open_set(files: dict[str, bytes], seconds: int = 20) -> Detector:
    opened = {name: descriptor(content) for name, content in files.items()}
    try:
        return Detector.open(opened, seconds)
    finally:
        for number in opened.values():
            os.close(number)


SOURCES: tuple[tuple[str, Origin], ...] = (("test.yar", RULES.encode()), ("list", LIST))


def built(
    sources: Iterable[tuple[str, Origin]] = SOURCES, options: Options | None = None
) -> tuple[Folder, BuildReport]:
    folder = Folder()
    return folder, build(sources, folder, options=options)


def knowing(*sources: tuple[str, Origin], options: Options | None = None) -> Detector:
    """Return a detector that knows what these sources say."""
    return open_set(built(sources, options)[0].files)


def detector() -> Detector:
    return open_set(built()[0].files)


def check(content: bytes, known: Detector, name: str = "sample", limits: Limits | None = None) -> Verdict:
    """Return the verdict on bytes."""
    return examine(Source(content), name, known, limits or Limits(), Unbounded())
