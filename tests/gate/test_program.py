"""What reaches a file has to pass the gate: each way that people and programs have, over real volumes."""

import mmap
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest

from garrison.wire.guarding import Found, Occasion, Place, Reach
from tests.engine.samples import EICAR
from tests.gate.conftest import HARMFUL
from tests.gate.live import Live, is_denied

LOADER = Path("/lib64/ld-linux-x86-64.so.2")


@pytest.fixture(scope="module")
def watched(live: Live, disk: Path) -> Path:
    """The volume, watched as a whole."""
    live.watch(disk)
    return disk


@pytest.fixture
def place(watched: Path) -> Path:
    return Path(tempfile.mkdtemp(dir=watched))


@pytest.fixture
def evil(live: Live, place: Path) -> Path:
    """The test virus, already known to be there."""
    path = place / "evil.com"
    path.write_bytes(EICAR)
    path.chmod(0o755)
    live.wait_for_found(path)
    return path


def refused(*command: str | Path) -> bool:
    """Return whether a program of somebody else's was kept from a file."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/bin"})
    return done.returncode != 0 and "not permitted" in done.stderr


def test_a_threat_that_is_written_is_caught_when_it_is_closed(live: Live, place: Path) -> None:
    path = place / "evil"
    path.write_bytes(EICAR)
    fact = live.wait_for_found(path)
    assert (fact.occasion, fact.blocked, fact.size) == (Occasion.CHANGE, False, len(EICAR))
    assert fact.untrusted_verdict["findings"][0][0] == "EICAR-Test-File"


def test_a_threat_is_not_opened(live: Live, evil: Path) -> None:
    assert is_denied(evil)
    fact = live.wait_for_found(evil)
    assert (fact.occasion, fact.blocked, fact.actor.pid) == (Occasion.OPEN, True, os.getpid())


def test_a_threat_is_not_copied_away(evil: Path) -> None:
    assert refused("cp", evil, evil.with_name("copy"))


def test_a_threat_that_is_copied_in_is_caught_when_it_is_closed(live: Live, place: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(EICAR)
    subprocess.run(["cp", tmp_path / "evil", place / "copy"], check=True)
    assert live.wait_for_found(place / "copy").occasion is Occasion.CHANGE
    assert is_denied(place / "copy")


def test_a_threat_that_is_moved_in_from_elsewhere_is_caught(live: Live, place: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(EICAR)
    subprocess.run(["mv", tmp_path / "evil", place / "moved"], check=True)
    live.wait_for_found(place / "moved")
    assert is_denied(place / "moved")


def test_a_threat_that_is_moved_into_a_watched_folder_is_not_opened(live: Live, watched: Path, place: Path) -> None:
    try:
        (place / "in").mkdir()
        live.watch(place / "in", Reach.FOLDER)
        (place / "evil").write_bytes(EICAR)
        assert not is_denied(place / "evil")
        (place / "evil").rename(place / "in" / "evil")
        assert is_denied(place / "in" / "evil")
    finally:
        live.watch(watched)


def test_threats_that_are_extracted_are_caught(live: Live, place: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").write_bytes(EICAR)
    with tarfile.open(tmp_path / "all.tar", "w") as archive:
        archive.add(tmp_path / "evil", "one")
        archive.add(tmp_path / "evil", "two")
    subprocess.run(["tar", "xf", tmp_path / "all.tar", "-C", place], check=True)
    for name in ("one", "two"):
        live.wait_for_found(place / name)
        assert is_denied(place / name)


def test_an_archive_with_a_threat_in_it_is_not_opened(live: Live, place: Path) -> None:
    with zipfile.ZipFile(place / "all.zip", "w") as archive:
        archive.writestr("evil.com", EICAR)
    live.wait_for_found(place / "all.zip")
    assert is_denied(place / "all.zip")


def test_a_threat_is_not_run(live: Live, place: Path) -> None:
    program = place / "program"
    program.write_bytes(HARMFUL)
    program.chmod(0o755)
    live.wait_for_found(program)
    with pytest.raises(PermissionError):
        subprocess.run([program], check=False)
    fact = live.wait_for(Found, lambda fact: fact.path == str(program) and fact.blocked)
    assert fact.occasion is Occasion.RUN


def test_a_program_that_the_loader_is_told_to_run_is_not_run(live: Live, place: Path) -> None:
    if not LOADER.exists():
        pytest.skip("no loader under that name")
    program = place / "program"
    program.write_bytes(HARMFUL)
    live.wait_for_found(program)
    assert refused(LOADER, program)


@pytest.mark.parametrize("interpreter", ["sh", sys.executable])
def test_a_script_that_an_interpreter_is_told_to_run_is_not_run(evil: Path, interpreter: str) -> None:
    done = subprocess.run([interpreter, evil], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "not permitted" in done.stderr


def test_a_threat_is_not_mapped_into_memory(evil: Path) -> None:
    code = f"import mmap; mmap.mmap(open({str(evil)!r}).fileno(), 0, prot=mmap.PROT_READ)"
    assert refused(sys.executable, "-c", code)


def test_a_threat_is_not_opened_through_a_bind_mount(evil: Path, tmp_path: Path) -> None:
    subprocess.run(["mount", "--bind", evil.parent, tmp_path], check=True)
    try:
        assert is_denied(tmp_path / evil.name)
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def test_a_threat_is_not_opened_from_a_namespace_of_its_own(evil: Path) -> None:
    if not shutil.which("unshare"):
        pytest.skip("no unshare")
    assert refused("unshare", "-m", "cat", evil)


def test_a_folder_is_watched_from_a_namespace_under_any_name(live: Live, watched: Path, evil: Path) -> None:
    script = 'mount --bind "$1" /mnt && cat /mnt/evil.com'
    try:
        live.watch(evil.parent, Reach.FOLDER)
        assert refused("unshare", "-m", "sh", "-c", script, "sh", evil.parent)
    finally:
        live.watch(watched)


def test_a_threat_is_not_opened_by_way_of_a_descriptor(evil: Path) -> None:
    named = os.open(evil, os.O_PATH)
    try:
        assert is_denied(f"/proc/{os.getpid()}/fd/{named}")
    finally:
        os.close(named)


def test_what_a_mapping_wrote_after_a_verdict_is_caught(live: Live, place: Path) -> None:
    path = place / "mapped"
    path.write_bytes(b" " * len(EICAR))
    assert not is_denied(path)
    assert not is_denied(path)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapping:
        file.close()
        mapping[:] = EICAR
    live.wait_for_found(path)
    assert is_denied(path)


def test_a_threat_that_takes_the_name_of_a_clean_file_is_not_opened(place: Path) -> None:
    (place / "good").write_bytes(b"harmless")
    assert not is_denied(place / "good")
    (place / "evil").write_bytes(EICAR)
    (place / "evil").rename(place / "good")
    assert is_denied(place / "good")


def test_a_file_that_is_clean_again_is_opened(evil: Path) -> None:
    assert is_denied(evil)
    os.truncate(evil, 0)
    evil.write_bytes(b"harmless")
    assert not is_denied(evil)
    assert evil.read_bytes() == b"harmless"


def test_a_program_in_memory_only_is_not_asked_about() -> None:
    """What docs/explanation/file-protection.md says of it."""
    descriptor = os.memfd_create("program", 0)
    os.write(descriptor, HARMFUL)
    done = subprocess.run([f"/proc/self/fd/{descriptor}"], pass_fds=[descriptor], check=False)
    assert done.returncode == 0


def test_places_that_are_not_there_are_refused_with_a_reason(live: Live, watched: Path) -> None:
    try:
        places = (Place(Reach.FOLDER, "/nowhere/at/all"), Place(Reach.MOUNT, str(watched)))
        standing = live.go_by(live.plan.__class__(live.plan.examining, places))
        assert standing.refused == {"/nowhere/at/all": "no such folder"}
        assert standing.watched == {str(watched): "blocking"}
    finally:
        live.watch(watched)
