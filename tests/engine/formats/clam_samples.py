"""Debian's harmless test files, of which each holds the same small program."""

from pathlib import Path

import pytest

from garrison.engine.formats.openers import OPENERS
from garrison.engine.identify import identify_source
from garrison.engine.source import Source
from garrison.engine.type import Type
from tests.engine.opening import opened

FOLDER = Path("/usr/share/clamav-testfiles")
needs_samples = pytest.mark.skipif(not FOLDER.is_dir(), reason="clamav-testfiles is not installed")


def holds_program(name: str) -> bool:
    """Return whether the program comes out of a test file, whole."""
    program = (FOLDER / "clam.exe").read_bytes()
    waiting: list[tuple[bytes, Type | None]] = [((FOLDER / name).read_bytes(), None)]
    while waiting:
        content, known = waiting.pop()
        if content.startswith(program):
            return True
        for opener in OPENERS[known or identify_source(Source(content))]:
            waiting += [(member.content, member.kind) for member in opened(opener, content) if member.content]
    return False
