"""A scan of a tree with planted samples, one-shot and through a running suite, beside clamscan.

Both look for the same: clamscan gets a database with the one EICAR signature, Garrison has all of its own rules.
"""

import gzip
import io
import json
import lzma
import os
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from bench._pairs import Cost, medians, need, row, run, version

ROUNDS = 5
LAUNCHER = str(Path(__file__).parent.parent / "garrison")
TREE = Path("/usr/share/doc")
FOUND = 102
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*").encode("ascii")


def measure() -> dict[str, Any]:
    """Return rows in CPU and wall seconds, and what each found of the planted samples."""
    clamscan = need("clamscan", "clamav")
    with tempfile.TemporaryDirectory() as folder:
        samples, database = Path(folder, "samples"), Path(folder, "eicar.ndb")
        planted = _plant(samples)
        database.write_text(f"Eicar-Test-Signature:0:0:{EICAR.hex()}\n", "ascii")
        env = {"GARRISON_HOME": str(Path(folder, "home"))}
        peer = [clamscan, "-r", "-i", "-d", str(database), str(samples), str(TREE)]
        ours = [LAUNCHER, "scan", "--json", str(samples), str(TREE)]
        run([LAUNCHER, "self-test"], env=env)  # builds the databases
        rows = _rows("one-shot", ours, peer, env)
        run([LAUNCHER, "start", "--no-scan"], env=env)
        try:
            rows += _rows("running suite", ours, peer, env)
            found = _found(ours, env)
        finally:
            run([LAUNCHER, "stop"], env=env)
        theirs = subprocess.run(peer, capture_output=True, text=True, check=False).stdout.count(" FOUND")
    detections = [{"work": f"{planted} planted samples", "ours": found, "peer": theirs}]
    return {"rows": rows, "detections": detections}


def _rows(how: str, ours: list[str], peer: list[str], env: dict[str, str]) -> list[dict[str, Any]]:
    def timed_ours() -> Cost:
        return run(ours, (FOUND,), env)

    mine, theirs = medians(timed_ours, lambda: run(peer, (0, 1)), ROUNDS)
    files = sum(len(names) for _, _, names in os.walk(TREE))
    work = f"{how} scan of {TREE} ({files:,} files)"
    return [
        row(
            work,
            mine.wall,
            theirs.wall,
            peer_version=version(peer[0], "--version"),
            unit="s wall",
            target="under the peer's",
            met=mine.wall < theirs.wall,
            rounds=ROUNDS,
        )
    ]


def _found(ours: list[str], env: dict[str, str]) -> int:
    done = subprocess.run(ours, capture_output=True, text=True, check=False, env={**os.environ, **env})
    return len(json.loads(done.stdout)["findings"])


def _plant(folder: Path) -> int:
    """Make the samples: EICAR plain and in each container; return how many."""
    folder.mkdir()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("e.com", EICAR)
    tarred = io.BytesIO()
    with tarfile.open(fileobj=tarred, mode="w:bz2") as tar:
        member = tarfile.TarInfo("e.com")
        member.size = len(EICAR)
        tar.addfile(member, io.BytesIO(EICAR))
    samples = {
        "e.com": EICAR,
        "e.zip": buffer.getvalue(),
        "e.gz": gzip.compress(EICAR),
        "e.xz": lzma.compress(EICAR),
        "e.tar.bz2": tarred.getvalue(),
    }
    for name, content in samples.items():
        (folder / name).write_bytes(content)
    return len(samples)
