"""RPM packages."""

import bz2
import gzip
import lzma
import shutil
import subprocess
from pathlib import Path

import pytest
from backports import zstd

from garrison.engine.formats import rpm
from tests.engine.forms_images import make_newc, make_rpm
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

PAYLOAD = make_newc([("./usr/bin/x", EICAR)])


@pytest.mark.parametrize(
    "payload",
    [
        gzip.compress(PAYLOAD),
        bz2.compress(PAYLOAD),
        lzma.compress(PAYLOAD),
        lzma.compress(PAYLOAD, lzma.FORMAT_ALONE),
        zstd.compress(PAYLOAD),
        PAYLOAD,
    ],
    ids=["gzip", "bzip2", "xz", "lzma", "zstd", "stored"],
)
def test_every_compression_of_the_payload_is_opened(payload: bytes) -> None:
    members = opened(rpm.members, make_rpm(payload))
    assert contents(members) == {("./usr/bin/x",): EICAR}
    assert remarks(members) == []
    assert members[0].listed is not None
    assert members[0].listed.size == len(EICAR)


def test_the_scripts_that_run_at_installation_are_seen() -> None:
    made = make_rpm(
        gzip.compress(PAYLOAD), [(1000, 6, 1, b"x\x00"), (1024, 6, 1, EICAR + b"\x00"), (1023, 8, 1, b"ls\x00")]
    )
    members = opened(rpm.members, made)
    assert [member.names for member in members if member.is_derived] == [
        ("(script: after installation)",),
        ("(script: before installation)",),
    ]
    assert check(made, detector()).findings[0].inner == ("(script: after installation)",)


def test_an_unknown_compression_is_said() -> None:
    assert remarks(opened(rpm.members, make_rpm(b"????????????????"))) == ["not opened: packed by an unknown method"]


def test_a_header_that_claims_too_much_is_damage() -> None:
    made = bytearray(make_rpm(gzip.compress(PAYLOAD)))
    made[96 + 8 : 96 + 16] = b"\xff" * 8
    assert remarks(opened(rpm.members, bytes(made))) == ["damaged: cannot be unpacked"]


def test_what_rpmbuild_makes_is_opened(tmp_path: Path) -> None:
    program = shutil.which("rpmbuild")
    if program is None:
        pytest.skip("rpmbuild is not installed")
    spec = tmp_path / "x.spec"
    spec.write_text(
        "Name: x\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nBuildArch: noarch\n%description\nx\n"
        "%install\nmkdir -p %{buildroot}/opt\nprintf harmless > %{buildroot}/opt/x\n"
        "%post\necho after\n%files\n/opt/x\n"
    )
    done = subprocess.run(
        [program, "-bb", "--quiet", "--define", f"_topdir {tmp_path}", str(spec)], capture_output=True, check=False
    )
    built = list(tmp_path.rglob("*.rpm"))
    if done.returncode or not built:
        pytest.skip("rpmbuild cannot build here")
    came = contents(opened(rpm.members, built[0].read_bytes()))
    assert came["./opt/x",] == b"harmless"
    assert came["(script: after installation)",] == b"echo after"
