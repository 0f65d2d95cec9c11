"""Kills quarantine at random moments, again and again: no file is ever lost, and nothing is left behind.

Run as `python -m tests.abilities.campaign SEED TIMES`.
"""

import asyncio
import contextlib
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from garrison.abilities.quarantine import Quarantine, Record
from garrison.base.errors import GarrisonError
from garrison.linux.acting import Acting
from tests.abilities.things import FINDING, acting_self, identity, make_store

FILES = 6
SIZES = (0, 1, 70, 4096, 65_535, 65_536, 65_537, 400_000)
LONGEST_SECONDS = 0.25  # that a child works before it is killed


def campaign(seed: int, times: int) -> None:
    """Kill `times` children. Raises AssertionError when a file is lost or something is left behind.

    Says at the end how often which state was found after a kill.
    """
    start = time.monotonic()
    chance = random.Random(seed)
    states: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="garrison-campaign-") as name:
        root = Path(name).resolve()
        (root / "files").mkdir()
        for _ in range(times):
            _one(root, chance, states)
    found = ", ".join(f"{count} {state}" for state, count in states.most_common() if count)
    sys.stdout.write(f"{found}; {time.monotonic() - start:.1f} s\n")


def _one(root: Path, chance: random.Random, states: Counter[str]) -> None:
    contents = _fill(root / "files", chance)
    _work_and_be_killed(root, chance)
    deleted = {line for line in (root / "deleted").read_text("ascii").split("\n") if line}
    states += _look(root)
    subprocess.run([sys.executable, "-m", "tests.abilities.campaign", "recover", str(root)], check=True)
    store = make_store(root / "home")
    _check(root / "files", store, contents, deleted)
    for record in store.records():
        asyncio.run(store.delete(record))


def _fill(folder: Path, chance: random.Random) -> dict[str, str]:
    """Make the files new; return the SHA-256 of each content, all different, by name."""
    for path in folder.iterdir():
        path.unlink()
    contents = {}
    for number in range(FILES):
        content = chance.randbytes(8) + chance.randbytes(chance.choice(SIZES))
        name = f"{number} \udcff"
        (folder / name).write_bytes(content)
        contents[name] = hashlib.sha256(content).hexdigest()
    return contents


def _work_and_be_killed(root: Path, chance: random.Random) -> None:
    """Let a child work for a random time, or up to a tender moment. What it deletes it says first."""
    (root / "deleted").write_text("", "ascii")
    command = [sys.executable, "-m", "tests.abilities.campaign", "work", str(root), str(chance.random())]
    folder = str(root / "files")
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"begun\n", "the child did not begin"
        end = time.monotonic() + chance.uniform(0, LONGEST_SECONDS)
        half_way = chance.choice((None, "", ".new"))
        while time.monotonic() < end and not _is_half_way(folder, half_way):
            pass
        os.kill(child.pid, signal.SIGKILL)  # at once: such a moment is short
    assert child.returncode == -signal.SIGKILL, "the child ended by itself"


def _is_half_way(folder: str, ending: str | None) -> bool:
    """Say whether a removal ("") or a restore (".new") is just under way, so that we kill in the middle of it."""
    if ending is None:
        return False
    return any(name[0] == "." and name.endswith(".new") == bool(ending) for name in os.listdir(folder))


def _look(root: Path) -> Counter[str]:
    """Say what a kill left, before anything is mended."""
    found = Counter(kills=1)
    store = make_store(root / "home")
    for record in store.records():
        found["arriving"] += record.arriving
        found["restoring"] += bool(record.restoring)
    for path in store.folder.iterdir():
        found["unfinished in quarantine"] += path.suffix == ".new"
        found["blobs without a record"] += path.suffix == ".blob" and not path.with_suffix(".json").exists()
    for name in os.listdir(root / "files"):
        if name.startswith(".garrison"):
            found["unfinished in a folder" if name.endswith(".new") else "half removed"] += 1
    return found


def _check(folder: Path, store: Quarantine, contents: dict[str, str], deleted: set[str]) -> None:
    assert store.damaged == []
    held = {record.sha256: record for record in store.records()}
    for name, sha256 in contents.items():
        path = folder / name
        in_place = path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        in_store = sha256 in held and _content(store, held[sha256]) == sha256
        assert in_place or in_store or sha256 in deleted, f"{name!r} is lost"
    assert not set(os.listdir(folder)) - set(contents), "something was left in the folder"
    blobs = {path.stem for path in store.folder.glob("*.blob")}
    assert blobs == {record.id for record in store.records()}, "blobs and records do not fit"
    known = {"version", *(f"{number}{end}" for number in blobs for end in (".blob", ".json"))}
    assert set(os.listdir(store.folder)) == known, "something was left in quarantine"


def _content(store: Quarantine, record: Record) -> str:
    async def read() -> str:
        async with store.revealed(record) as descriptor:
            return hashlib.sha256(os.pread(descriptor, record.identity.size, 0)).hexdigest()

    return asyncio.run(read())


# -- in the child --


async def _work(root: Path, chance: random.Random) -> None:
    store = make_store(root / "home")
    await store.recover()
    deleted = os.open(root / "deleted", os.O_WRONLY | os.O_APPEND)
    os.write(1, b"begun\n")
    async with acting_self() as acting:
        while True:
            with contextlib.suppress(GarrisonError, FileNotFoundError):
                await _step(root, store, acting, chance, deleted)


async def _step(root: Path, store: Quarantine, acting: Acting, chance: random.Random, deleted: int) -> None:
    records = store.records()
    if not records or chance.random() < 0.5:
        path = root / "files" / f"{chance.randrange(FILES)} \udcff"
        await store.take(str(path), identity(path), FINDING, acting, os.geteuid())
        return
    record = chance.choice(records)
    if chance.random() < 0.9:
        await store.restore(record, acting)
    else:
        os.write(deleted, f"{record.sha256}\n".encode("ascii"))
        await store.delete(record)
        # A new file takes its place, so that there is always something to do.
        (root / "files" / os.path.basename(record.path)).write_bytes(chance.randbytes(100))


def main(arguments: list[str]) -> None:
    """Run the campaign, or be its child."""
    if arguments[0] == "work":
        asyncio.run(_work(Path(arguments[1]), random.Random(arguments[2])))
    elif arguments[0] == "recover":
        asyncio.run(make_store(Path(arguments[1]) / "home").recover())
    else:
        campaign(int(arguments[0]), int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
