"""Kills whoever fetches, compiles, takes from a publisher, takes into use and goes back, at random moments.

After each kill one complete set is in use, that finds the test file; a start then leaves nothing half made, and of each
feed there is what came whole the last time. Who was killed while taking what is published takes it with the next try.
Run as `python -m tests.abilities.databases.campaign SEED TIMES`.
"""

import asyncio
import contextlib
import functools
import gzip
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest.mock import patch

from garrison.abilities.databases import (
    Databases,
    check_folder,
    compile_sources,
    name_of,
    own_rules,
    publications,
    sets,
    updating,
)
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.gathering import Gatherer
from garrison.abilities.databases.updating import Updater
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing
from garrison.base.clock import FakeClock, SystemClock
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.engine.databases import Detector
from garrison.engine.hashes import ANY_SIZE
from garrison.engine.signatures.proofs import Trust
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.sdk.testing import START
from tests.abilities.databases.tables import changed, rows
from tests.abilities.things import EICAR
from tests.engine.signatures import keys
from tests.office.publisher.offices import Publishing

LONGEST_SECONDS = {"gather": 3.0, "update": 4.0, "take": 4.0, "adopt": 2.0, "roll-back": 1.5, "ensure": 0.7}
FIRST = 7  # version of the mirror's databases
LISTS = 12
_PUBLISHED = 3000
_CHANGE = 0.01
_ALWAYS = {"version", "built-from", "history.json", "current", "built-in", "trust"}


def campaign(seed: int, times: int) -> None:
    """Kill `times` children. Raises AssertionError when what has to hold does not.

    Says at the end in the middle of what they were killed, and what that left.
    """
    began = time.monotonic()
    chance = random.Random(seed)
    states: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="garrison-campaign-") as name, few_rules():
        office, site = Office(Path(name).resolve()), Site(Path(name).resolve() / "site")
        office.begin()
        publications.pin(office.updater.trust, site.publishing.repository.root_content())
        for _ in range(times):
            step = chance.choice([*LONGEST_SECONDS, "take"])
            states[f"killed in {step}"] += 1
            site.publish(chance)
            with site.served() as url:
                _work_and_be_killed(office.root, step, chance, url)
            _check_in_use(office.databases)
            states += _strays(office.root)
            office = Office(office.root)  # as a start of the suite
            asyncio.run(office.databases.ensure())
            _check_in_use(office.databases)
            _check_folder_of_sets(office.databases)
            _check_feeds(office)
            assert not list(office.root.glob("home/fetch/spool-*")), "a spool was left"
            if step == "take":
                states[f"updates afterwards, {_update_from(office, site)}"] += 1
    found = ", ".join(f"{count} {state}" for state, count in sorted(states.items()) if count)
    sys.stdout.write(f"{found}; {time.monotonic() - began:.1f} s\n")


@contextlib.contextmanager
def few_rules() -> Iterator[None]:
    """Build from one file of our rules: all of them take a second."""
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]
    with patch.object(sets, "own_rules", lambda: few), patch.object(updating, "own_rules", lambda: few):
        yield


class Office:
    """A computer, and beside it the folder of a mirror that it fetches from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mirror = root / "mirror"
        home, clock = Home(root / "home"), SystemClock()
        home.prepare()
        self.databases = Databases(home, clock)
        # It lives at the time of the publisher's signatures.
        fetcher = Fetcher(home, FakeClock(START), Outgoing(lambda _: True))
        self.gatherer = Gatherer(self.databases, fetcher, clock, Trust(allow_unsigned=True))
        self.book = FeedBook(self.databases.folder / "feeds.json")
        self.updater = Updater(self.databases, fetcher, self.gatherer, self.book, clock)
        self.feeds = (
            Feed("mirror", "clamav", str(self.mirror), "A mirror", is_on=True),
            Feed("list", "hashes", str(self.mirror / "list.txt"), "A list", is_on=True),
        )

    def begin(self) -> None:
        """Make the mirror and the first set, and fetch everything once."""
        self.mirror.mkdir()
        for name in ("main", "daily"):
            body = gzip.compress(keys.tar({f"{name}.hdb": daily(FIRST)}), mtime=0)
            (self.mirror / f"{name}.cvd").write_bytes(keys.container(body, signature=b"X", version=FIRST))
        self.publish(random.Random(0))
        asyncio.run(self.databases.ensure())
        for feed in self.feeds:
            self.book.add(feed)
        outcomes = asyncio.run(self.gatherer.gather(self.feeds))
        assert [outcome.failure for outcome in outcomes] == ["", ""]

    def publish(self, chance: random.Random) -> None:
        """Have the mirror one version more of `daily`, and another list."""
        known = int(self.gatherer.state(self.feeds[0]).about.get("daily", FIRST))
        commands = b"OPEN daily.hdb\nADD " + line(known + 1) + b"\nCLOSE\n"
        diff = b"ClamAV-Diff:%d:%d:" % (known + 1, len(commands)) + gzip.compress(commands, mtime=0) + b":X"
        _write(self.mirror / f"daily-{known + 1}.cdiff", diff)
        _write(self.mirror / "list.txt", listed(chance.randrange(LISTS)))


class Site:
    """A publisher with a set that changes a little each time."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.publishing = Publishing(folder)
        self._rows = rows(random.Random(0), _PUBLISHED)
        self.name = ""

    def publish(self, chance: random.Random) -> None:
        """Publish the next set."""
        self._rows = changed(chance, self._rows, _CHANGE)
        self.name = self.publishing.release([row for row in self._rows if row[1] != ANY_SIZE]).name

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Serve what is public, and give its address."""
        handler = functools.partial(_Quiet, directory=str(self.publishing.public))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def line(number: int) -> bytes:
    """Return a signature, another one for each number."""
    digest = hashlib.md5(b"%d" % number, usedforsecurity=False).hexdigest()
    return f"{digest}:{number}:Listed.Number-{number}".encode()


def daily(version: int) -> bytes:
    """Return the file of the mirror's databases in a version."""
    return b"".join(line(number) + b"\n" for number in range(1, version + 1))


def listed(number: int) -> bytes:
    """Return one of the lists."""
    return b"".join(line(10_000 * number + each) + b"\n" for each in range(2000))


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(".half")
    fresh.write_bytes(content)
    fresh.replace(path)


def _work_and_be_killed(root: Path, step: str, chance: random.Random, url: str) -> None:
    """Let a child begin with a step, and kill it after a random time, or just when the set in use changes."""
    command = [
        sys.executable,
        "-m",
        "tests.abilities.databases.campaign",
        "work",
        str(root),
        step,
        str(chance.random()),
        url,
    ]
    link = root / "home" / "databases" / "current"
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        begun = child.stdout.readline()
        assert begun == b"begun\n", f"the child did not begin: {child.stderr.read().decode()}"
        end = time.monotonic() + chance.uniform(0, LONGEST_SECONDS[step])
        before = os.readlink(link) if chance.random() < 0.3 else None
        while time.monotonic() < end and before in {None, os.readlink(link)}:
            time.sleep(0.002 if before is None else 0)
        os.kill(child.pid, signal.SIGKILL)
        words = child.stderr.read().decode()
    assert child.returncode == -signal.SIGKILL, f"the child ended by itself: {words}"


def _check_in_use(databases: Databases) -> None:
    folder = databases.current()
    assert name_of(folder) == folder.name, "the set in use is not what it is called"
    check_folder(folder)
    files = {path.name: os.open(path, os.O_RDONLY) for path in folder.iterdir()}
    try:
        with Detector.open(files) as detector:
            assert detector.match(Subject(EICAR, Type.TEXT)).found, "the set in use does not find the test file"
    finally:
        for descriptor in files.values():
            os.close(descriptor)


def _strays(root: Path) -> Counter[str]:
    """Say what a kill left, before a start mends it."""
    folder = root / "home" / "databases"
    found: Counter[str] = Counter()
    found["half made sets"] += len([path for path in folder.glob(".*new*") if path.is_dir() and not path.is_symlink()])
    found["half made links and notes"] += len([path for path in folder.glob(".*new") if not path.is_dir()])
    found["sets that no link names"] += len(_sets(folder) - _linked(folder))
    found["half accepted feeds"] += len(list(folder.glob("feeds/*/.new")))
    found["feeds kept twice"] += sum(len(list(home.glob("files-*"))) > 1 for home in folder.glob("feeds/*"))
    found["spools"] += len(list(root.glob("home/fetch/spool-*")))
    found["half known publishers"] += len(set(os.listdir(folder / "trust")) - {"root.json", "metadata"})
    return found


def _sets(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if len(path.name) == 32 and path.is_dir()}


def _linked(folder: Path) -> set[str]:
    return {os.readlink(folder / name) for name in ("current", "previous", "built-in") if (folder / name).is_symlink()}


def _check_folder_of_sets(databases: Databases) -> None:
    folder = databases.folder
    assert _sets(folder) == _linked(folder), "a set is there that no link names, or the other way round"
    known = {*_ALWAYS, *_sets(folder), "previous", "feeds", "feeds.json", "made-from.json"}
    assert set(os.listdir(folder)) - known == set(), "something was left among the sets"
    assert set(os.listdir(folder)) >= _ALWAYS
    noted = {note.name for note in databases.history()}
    assert databases.name() in noted, "nobody knows where the set in use came from"


def _update_from(office: Office, site: Site) -> str:
    """Take what is published, as the next update does; say what of it was still to do."""
    with site.served() as url:
        updated = asyncio.run(office.updater.update([url], by_hand=True, tell=lambda *_: None))
    assert updated.name == office.databases.name() == site.name, "the next update does not bring what is published"
    assert set(os.listdir(office.updater.trust)) == {"root.json", "metadata"}
    _check_in_use(office.databases)
    return "anew" if updated.has_changed else "it had been done"


def _check_feeds(office: Office) -> None:
    """Make sure that each feed is there, whole, as it was at some time."""
    mirror, digests = (office.gatherer.state(feed) for feed in office.feeds)
    assert mirror.files is not None, "the mirror's files are lost"
    assert digests.files is not None, "the list is lost"
    version = int(mirror.about["daily"])
    assert (mirror.files / "daily.version").read_text() == str(version)
    assert (mirror.files / "daily" / "daily.hdb").read_bytes() == daily(version)
    assert (mirror.files / "main" / "main.hdb").read_bytes() == daily(FIRST)
    assert (digests.files / "list.csv").read_bytes() in {listed(number) for number in range(LISTS)}
    for feed in office.feeds:
        home = office.databases.folder / "feeds" / feed.id
        assert len(os.listdir(home)) == 2, f"something was left of the feed: {os.listdir(home)}"


# -- in the child --


async def _work(root: Path, first: str, chance: random.Random, url: str) -> None:
    office = Office(root)
    if first == "ensure":
        (office.databases.folder / "built-from").unlink(missing_ok=True)
    step, made = first, _compiled(office, chance)
    os.write(1, b"begun\n")
    while True:
        await _step(office, step, made, chance, url)
        step = chance.choice(list(LONGEST_SECONDS))
        if step == "adopt":
            made = _compiled(office, chance)


async def _step(office: Office, step: str, made: Path, chance: random.Random, url: str) -> None:
    databases = office.databases
    if step == "gather":
        office.publish(chance)
        outcomes = await office.gatherer.gather(office.feeds)
        assert [outcome.failure for outcome in outcomes] == ["", ""]
    elif step == "update":
        office.publish(chance)
        updated = await office.updater.update([], by_hand=True, tell=lambda *_: None)
        assert updated.has_changed
    elif step == "take":
        await office.updater.update([url], by_hand=True, tell=lambda *_: None)
    elif step == "adopt":
        await databases.adopt(made, "a test", 7)
    elif step == "ensure":
        await databases.ensure()
    else:
        with contextlib.suppress(GarrisonError):  # there is none before, or it is in use
            await databases.roll_back(chance.choice(("", "built-in")))


def _compiled(office: Office, chance: random.Random) -> Path:
    """Compile a small set, one of many, beside the sets."""
    source, rules = office.root / "own.hdb", office.root / "eicar.yar"
    source.write_bytes(line(chance.randrange(10**6)) + b"\n")
    rules.write_text(dict(sets.own_rules())["eicar.yar"])
    to = office.databases.folder / f".new-{chance.randrange(10**6)}"
    compile_sources([source, rules], to)
    return to


def main(arguments: list[str]) -> None:
    """Run the campaign, or be its child."""
    if arguments[0] == "work":
        with few_rules():
            asyncio.run(_work(Path(arguments[1]), arguments[2], random.Random(arguments[3]), arguments[4]))
    else:
        campaign(int(arguments[0]), int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
