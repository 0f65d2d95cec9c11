"""Programs that people use work on in protected folders: none of them is trusted here, which makes it harder."""

import json
import os
import shutil
import sqlite3
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garrison.wire.watching import Documents
from tests.gate import attacks
from tests.gate.volumes import Watcher, volume, why_not

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")
COUNT = int(os.environ.get("GARRISON_BENIGN_DOCUMENTS", "24"))  # 250 in the campaign: 200 texts


@pytest.fixture(scope="module")
def ext4(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with volume(tmp_path_factory.mktemp("volume")) as place:
        yield place


@pytest.fixture
def documents(ext4: Path) -> Iterator[Path]:
    folder = ext4 / "documents"
    folder.mkdir()
    attacks.make_documents(folder, COUNT)
    yield folder
    shutil.rmtree(folder)


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, check=False, env={**os.environ, "HOME": str(cwd)})
    assert done.returncode == 0, done.stderr[-2000:]


def git(folder: Path) -> None:
    def each(*words: str) -> None:
        run("git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words, cwd=folder)

    each("init", "-q")
    each("add", ".")
    each("commit", "-qm", "one")
    for path in folder.glob("part0/*"):
        path.write_bytes(path.read_bytes() + b"more\n")
    each("commit", "-qam", "two")
    each("gc", "-q", "--aggressive", "--prune=now")
    each("checkout", "-q", "HEAD~1")


def tar(folder: Path) -> None:
    run("tar", "-czf", "all.tar.gz", "part0", "part1", "part2", "part3", cwd=folder)
    run("tar", "-xzf", "all.tar.gz", cwd=folder)


def zipping(folder: Path) -> None:
    run("zip", "-qr", "all.zip", "part0", "part1", "part2", "part3", cwd=folder)
    run("zip", "-qr", "all.zip", "part0", "part1", "part2", "part3", cwd=folder)


def rsync(folder: Path) -> None:
    other = folder / "other"
    run("rsync", "-a", "part0", "part1", str(other), cwd=folder)
    for path in folder.glob("part0/*"):
        path.write_bytes(path.read_bytes() + b"changed\n")
    run("rsync", "-a", "--delete", "--checksum", "part0", "part1", str(other), cwd=folder)


def database(folder: Path) -> None:
    code = """
import os, sqlite3, sys
for mode in ("wal", "delete"):
    held = sqlite3.connect(sys.argv[1] + mode)
    held.execute(f"PRAGMA journal_mode={mode}")
    held.execute("CREATE TABLE t (a, b)")
    for number in range(30):
        with held:
            held.executemany("INSERT INTO t VALUES (?, ?)", [(n, os.urandom(300)) for n in range(50)])
            held.execute("UPDATE t SET b = ? WHERE a % 7 = 0", (os.urandom(300),))
    held.execute("VACUUM")
    held.close()
"""
    run("python3", "-c", code, str(folder / "data."), cwd=folder)
    assert sqlite3.connect(folder / "data.wal").execute("SELECT count(*) FROM t").fetchone() == (1500,)


def pictures(folder: Path) -> None:
    for number in range(COUNT):
        size = f"{60 + number}x{40 + number}"
        run("convert", "-size", size, "plasma:" if number % 2 else "gradient:", f"{number}.png", cwd=folder)
    for number in range(COUNT):
        run("convert", f"{number}.png", "-resize", "50%", f"{number}.jpg", cwd=folder)
        run("convert", f"{number}.png", "-rotate", "90", f"{number}.png", cwd=folder)


def editing(folder: Path) -> None:
    paths = [str(path) for path in sorted(folder.rglob("*.txt"))]
    run("sed", "-i", "s/customer/client/", *paths, cwd=folder)
    run("sh", "-c", 'for f; do sort "$f" > "$f.sorted"; mv "$f.sorted" "$f"; done', "sh", *paths, cwd=folder)


def moving(folder: Path) -> None:
    away = folder.parent / "away"
    away.mkdir(exist_ok=True)
    run("sh", "-c", 'mv part0/* part1/* "$0"/', str(away), cwd=folder)
    run("sh", "-c", "cp -r part2 part4; rm -r part2", cwd=folder)
    shutil.rmtree(away)


def office(folder: Path) -> None:
    for number, path in enumerate(sorted(folder.rglob("*.txt"))[: COUNT if COUNT > 24 else 4]):
        path.rename(folder / f"{number}.txt")
    for kind, of in (("odt", "*.txt"), ("docx", "*.odt"), ("odt", "*.docx")):
        names = [each.name for each in folder.glob(of)]
        run("soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile", "--convert-to", kind,
            "--outdir", str(folder), *names, cwd=folder)  # fmt: skip
    assert all(zipfile.is_zipfile(path) for path in folder.glob("*.odt"))


def saving(folder: Path) -> None:
    """As LibreOffice saves: a lock, the old file emptied, a new one under another name, renamed over it while open.

    The inode number of what is replaced goes to the next new file at once, on ext4.
    """
    code = """
import io, os, random, sys, zipfile
def content():
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        archive.writestr("content.xml", random.randbytes(random.randrange(3000, 9000)).hex())
    return held.getvalue()
for number in list(range(int(sys.argv[1]))) * 3:
    name = f"{number}.odt"
    with open(f".~lock.{name}#", "w") as lock:
        lock.write("someone, a computer, today")
    open(name, "wb").close()
    with open("lu.tmp", "w+b") as file:
        file.write(content())
        file.flush()
        os.rename("lu.tmp", name)
    open(name, "rb").close()
    os.unlink(f".~lock.{name}#")
"""
    run("python3", "-c", code, str(COUNT), cwd=folder)


WORK: dict[str, tuple[str, Callable[[Path], None]]] = {
    "git": ("git", git),
    "tar": ("tar", tar),
    "zip": ("zip", zipping),
    "rsync": ("rsync", rsync),
    "database": ("python3", database),
    "image converter": ("convert", pictures),
    "editing": ("sed", editing),
    "moving": ("mv", moving),
    "saving": ("python3", saving),
    "LibreOffice": ("lowriter", office),
}


@pytest.mark.parametrize("name", WORK)
def test_a_program_that_people_use_is_not_stopped(name: str, documents: Path, tmp_path: Path) -> None:
    program, work = WORK[name]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    store = tmp_path / "store"
    with Watcher() as watcher:
        watcher.go_by(Documents(str(store), (str(documents),)))
        work(documents)
        told = watcher.wait_for("Alarm", 0.3)
        assert told is None, json.dumps(told, indent=1)
