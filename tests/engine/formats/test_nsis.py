"""NSIS installers."""

from pathlib import Path

import pytest

from garrison.engine.formats import nsis
from tests.engine.formats.nsis_writing import PACKERS, Pack, deflate, installer
from tests.engine.opening import SMALL, contents, opened, remarks
from tests.engine.programs import making

SAMPLES = Path("/usr/share/clamav-testfiles")
STUB = making.pe((b".text", b"\x90" * 40, making.EXECUTABLE))
BLOCKS = [b"header " * 40, b"the first file", b"second " * 5000]


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize("is_solid", [True, False])
def test_all_blocks_come_out(pack: Pack, is_solid: bool) -> None:
    members = opened(nsis.members, STUB + installer(BLOCKS, pack, is_solid=is_solid))
    assert list(contents(members).values()) == BLOCKS
    assert remarks(members) == []


def test_a_program_without_an_installer_is_let_alone() -> None:
    assert opened(nsis.members, STUB) == []
    assert opened(nsis.members, STUB + b"\xef\xbe\xad\xdeNullsoftInst" * 300) == []


def test_damage_is_survived() -> None:
    for is_solid in (True, False):
        content = STUB + installer(BLOCKS, deflate, is_solid=is_solid)
        for at in range(len(STUB), len(content), 3):
            opened(nsis.members, content[:at], limits=SMALL)
            opened(nsis.members, content[:at] + b"\x5a" + content[at + 1 :], limits=SMALL)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="clamav-testfiles is not installed")
def test_the_sample_holds_its_program() -> None:
    found = contents(opened(nsis.members, (SAMPLES / "clam-nsis.exe").read_bytes()))
    assert (SAMPLES / "clam.exe").read_bytes() in found.values()
