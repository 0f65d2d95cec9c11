"""Where signatures want objects to lie."""

import bz2
import gzip

import pytest

from garrison.engine.patterns.around import lies_in
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine.patterns.hosts import packed

TAR = packed("CL_TYPE_POSIX_TAR", b"hello")


def inside(*around: tuple[Type, bytes]) -> Subject:
    """Return an object in containers, the outermost first."""
    outer = None
    for kind, content in around:
        outer = Subject(content, kind, parent=outer)
    return Subject(b"hello", Type.TEXT, parent=outer)


@pytest.mark.parametrize(
    ("around", "wanted", "holds"),
    [
        ([(Type.ZIP, b"")], "ZIP", True),
        ([(Type.ZIP, b"")], "GZ", False),
        ([(Type.ZIP, b"")], "ANY>ZIP", False),
        ([(Type.EMAIL, b""), (Type.ZIP, b"")], "ANY>ZIP", True),
        ([(Type.EMAIL, b""), (Type.ZIP, b"")], "MAIL>ZIP", True),
        ([(Type.EMAIL, b""), (Type.ZIP, b"")], "ZIP>MAIL", False),
        ([(Type.GZIP, gzip.compress(TAR))], "POSIX_TAR", True),
        ([(Type.GZIP, gzip.compress(TAR))], "GZ>POSIX_TAR", True),
        ([(Type.GZIP, gzip.compress(TAR))], "GZ", True),
        ([(Type.GZIP, gzip.compress(b"hello"))], "POSIX_TAR", False),
        ([(Type.GZIP, b"no stream")], "GZ", True),
        ([(Type.BZIP2, bz2.compress(TAR))], "POSIX_TAR", True),
        ([(Type.BZIP2, bz2.compress(TAR))], "BZ", True),
    ],
)
def test_intermediates(around: list[tuple[Type, bytes]], wanted: str, holds: bool) -> None:
    about = {"intermediates": [f"CL_TYPE_{name}" for name in wanted.split(">")]}
    assert lies_in(about, inside(*around), 0) == holds
    if ">" not in wanted:
        assert lies_in({"container": about["intermediates"]}, inside(*around), 0) == holds


def test_any_container_is_none() -> None:
    assert lies_in({"container": ["CL_TYPE_ANY"]}, inside(), 0)
    assert not lies_in({"container": ["CL_TYPE_ANY"]}, inside((Type.ZIP, b"")), 0)
