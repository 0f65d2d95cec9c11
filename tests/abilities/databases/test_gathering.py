import asyncio
import functools
import hashlib
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import aclosing
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases, compile_sources
from garrison.abilities.databases.feeds.book import FeedBook
from garrison.abilities.databases.feeds.feed import Feed
from garrison.abilities.databases.gathering import FeedOutcome, Gatherer
from garrison.abilities.databases.updating import Updated, Updater
from garrison.abilities.fetching import Fetcher
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.clock import FakeClock
from garrison.base.errors import Unavailable
from garrison.base.paths import Home
from garrison.linux.workers import Outcome, Submitted, WorkerPool
from tests.abilities.databases.test_building import HELLO, LINE, finds
from tests.abilities.things import EICAR, START, fill, needs_root, small_disk
from tests.engine.signatures import keys

NEXT = "Listed.Next"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A folder that is served on this computer, and its address."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", folder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Office:
    """A computer that gathers. requests: those it made."""

    def __init__(self, home: Path) -> None:
        clock = FakeClock(START)
        self.requests: list[Request] = []
        outgoing = Outgoing(lambda _: True)
        outgoing.on_request = self.requests.append
        self.databases = Databases(Home(home), clock)
        self.clock = clock
        self.fetcher = Fetcher(Home(home), clock, outgoing)
        trust = keys.trust(certificates=(keys.pem("root"),))
        self.gatherer = Gatherer(self.databases, self.fetcher, clock, trust)

    def gather(self, *feeds: Feed) -> list[FeedOutcome]:
        return asyncio.run(self.gatherer.gather(feeds))

    def finds(self, *feeds: Feed) -> list[str]:
        to = self.databases.folder / "set-of-the-test"
        compile_sources(self.gatherer.sources(feeds), to)
        return finds(to)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "home")


def feed(kind: str, address: str) -> Feed:
    return Feed("one", kind, address, "The feed", is_on=True)


def digest_line(name: str) -> str:
    return f"{hashlib.md5(HELLO).hexdigest()}:{len(HELLO)}:{name}\n"


def mirror(folder: Path) -> None:
    """Make a mirror with version 7 of both databases, and the steps of one to 8 and 9."""
    (folder / "main.cvd").write_bytes(keys.cvd({"main.hdb": f"{'0' * 32}:5:Nothing\n".encode()}))
    (folder / "daily.cvd").write_bytes(keys.cvd({"daily.hdb": LINE.encode()}))


def step(folder: Path, version: int, commands: str) -> bytes:
    diff = keys.cdiff(commands.encode(), version)
    (folder / f"daily-{version}.cdiff").write_bytes(diff)
    return diff


def test_a_mirror_is_fetched_checked_and_followed_by_differences(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    mirror(folder)
    one = feed("clamav", address)
    assert [(outcome.has_changed, outcome.failure) for outcome in office.gather(one)] == [(True, "")]
    assert office.finds(one) == ["Listed.Hello"]

    step(folder, 8, f"OPEN daily.hdb\nXCHG 1 {LINE.strip()[:10]} {digest_line(NEXT)}CLOSE\n")
    (folder / "daily.cvd").unlink()
    office.requests.clear()
    assert [(outcome.has_changed, outcome.failure) for outcome in office.gather(one)] == [(True, "")]
    assert office.finds(one) == [NEXT]
    assert office.gatherer.state(one).about == {"main": "7", "daily": "8"}
    assert len(office.requests) < 16


def test_what_has_not_changed_is_not_fetched_again(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    mirror(folder)
    one = feed("clamav", address)
    office.gather(one)
    before = office.gatherer.state(one).files
    ((outcome),) = office.gather(one)
    assert (outcome.has_changed, outcome.failure, outcome.transferred) == (False, "", 0)
    assert office.gatherer.state(one).files == before


def test_what_differences_brought_is_not_fetched_whole_too(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    mirror(folder)
    one = feed("clamav", address)
    office.gather(one)
    step(folder, 8, f"OPEN daily.hdb\nADD {'1' * 32}:9:More\nCLOSE\n")
    assert office.gather(one)[0].has_changed
    (folder / "daily.cvd").write_bytes(keys.cvd({"daily.hdb": LINE.encode() * 2}))  # made anew before the difference
    before = START.timestamp() - 3600
    os.utime(folder / "daily.cvd", (before, before))
    (outcome,) = office.gather(one)
    assert (outcome.has_changed, outcome.failure, outcome.transferred) == (False, "", 0)
    assert office.gatherer.state(one).about["daily"] == "8"
    os.utime(folder / "daily.cvd")  # an old one put back, newly dated: a mirror that lags, or lies
    assert office.gather(one)[0].failure == ""
    assert office.gatherer.state(one).about["daily"] == "8"


def test_what_came_again_and_is_what_it_was_is_no_change(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    (folder / "list.txt").write_text("http://bad.example/x\n")
    one = feed("urls", f"{address}/list.txt")
    office.gather(one)
    before = office.gatherer.state(one)
    os.utime(folder / "list.txt", (2**31, 2**31))
    (outcome,) = office.gather(one)
    assert (outcome.has_changed, outcome.failure) == (False, "")
    assert outcome.transferred > 0
    after = office.gatherer.state(one)
    assert (after.files, after.digest) == (before.files, before.digest)
    assert after.marks != before.marks
    assert len(list((office.databases.folder / "feeds" / "one").iterdir())) == 2


def test_a_signature_beside_a_file_is_asked_for_and_checked(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    mirror(folder)
    one = feed("clamav", address)
    (folder / "daily-7.cvd.sign").write_bytes(keys.proof((folder / "daily.cvd").read_bytes()))
    assert office.gather(one)[0].failure == ""
    diff = step(folder, 8, f"OPEN daily.hdb\nADD {'1' * 32}:9:More\nCLOSE\n")
    (folder / "daily-8.cdiff.sign").write_bytes(keys.proof(diff + b"other"))
    outcome = office.gather(one)[0]
    assert "not by anybody we trust" in outcome.failure
    assert office.finds(one) == ["Listed.Hello"]
    (folder / "daily-8.cdiff.sign").write_bytes(keys.proof(diff))
    assert office.gather(one)[0].has_changed


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("name", ["daily.cvd", "daily-8.cdiff"])
def test_a_flipped_bit_is_noticed_and_what_was_there_stays(
    served: tuple[str, Path], office: Office, name: str, place: float
) -> None:
    address, folder = served
    mirror(folder)
    one = feed("clamav", address)
    if name.endswith("cdiff"):
        office.gather(one)
        step(folder, 8, f"OPEN daily.hdb\nADD {'1' * 32}:9:More\nCLOSE\n")
    path = folder / name
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 4
    path.write_bytes(content)
    outcome = office.gather(one)[0]
    assert outcome.failure
    assert not outcome.has_changed
    assert bool(office.gatherer.sources([one])) == name.endswith("cdiff")


def test_rules_in_a_zip_and_lists_of_digests_are_compiled(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    with zipfile.ZipFile(folder / "rules.zip", "w") as archive:
        archive.writestr("a/b.yar", 'rule Hello_Rule { strings: $a = "I am on a list" condition: $a }')
        archive.writestr("README.md", "rule of thumb")
    digests = f'"2026-01-01","{hashlib.sha256(HELLO).hexdigest()}","{hashlib.md5(HELLO).hexdigest()}"\n'
    digests = digests.replace("\n", ',"Bad.Family"\n')
    (folder / "recent.csv").write_text('# "first_seen_utc","sha256_hash","md5_hash","signature"\n' + digests)
    rules, listed = feed("yara", f"{address}/rules.zip"), Feed("two", "hashes", f"{address}/recent.csv", "Digests")
    assert [outcome.failure for outcome in office.gather(rules, listed)] == ["", ""]
    assert "Hello_Rule" in office.finds(rules)
    assert office.finds(listed) == ["Bad.Family"]


def test_one_feed_that_fails_keeps_none_of_the_others_back(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    (folder / "list.txt").write_text("http://bad.example/x\n")
    gone, urls = feed("urls", f"{address}/gone.txt"), Feed("two", "urls", f"{address}/list.txt", "Addresses")
    first, second = office.gather(gone, urls)
    assert "could not be fetched" in first.failure
    assert second.has_changed
    assert "could not be fetched" in office.gatherer.state(gone).failure
    assert office.gatherer.sources([gone, urls]) == [], "addresses are for others than the scanner"


@pytest.mark.parametrize(
    ("kind", "content", "why"),
    [
        ("yara", b"nothing here", "no YARA rules"),
        ("yara", b"PK\x03\x04 broken", "damaged"),
        ("hashes", b"\x1f\x8b\x08 broken", "damaged"),
        ("hashes", b"one\ntwo\n", "no digest"),
        ("urls", b"\x00\x01" * 500, "no address"),
        ("vulnerabilities", b"{broken", "no JSON"),
        ("vulnerabilities", b"[" * 100_000, "no JSON"),
        ("clamav", b"", "could not be fetched"),
    ],
)
def test_a_feed_that_is_all_wrong_is_refused(
    served: tuple[str, Path], office: Office, kind: str, content: bytes, why: str
) -> None:
    address, folder = served
    (folder / "file").write_bytes(content)
    outcome = office.gather(feed(kind, f"{address}/file"))[0]
    assert why in outcome.failure
    assert not outcome.has_changed


def test_another_address_begins_anew_and_a_folder_serves_as_well(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    mirror(folder)
    office.gather(feed("clamav", address))
    from_folder = feed("clamav", str(folder))
    assert office.gatherer.sources([from_folder]) == []
    assert office.gather(from_folder)[0].has_changed
    assert office.finds(from_folder) == ["Listed.Hello"]
    office.gatherer.forget(from_folder)
    assert office.gatherer.state(from_folder).files is None


def test_what_a_kill_left_of_a_feed_goes_at_the_next_start(served: tuple[str, Path], office: Office) -> None:
    address, folder = served
    (folder / "list.txt").write_text("http://bad.example/x\n")
    one = feed("urls", f"{address}/list.txt")
    office.gather(one)
    home = office.databases.folder / "feeds" / "one"
    before = sorted(home.iterdir())
    (home / "files-other").mkdir()
    (home / ".new" / "deep").mkdir(parents=True)
    (home / ".state.json.7.new").touch()
    again = Office(office.databases.folder.parent)
    assert sorted(home.iterdir()) == before
    assert again.gatherer.state(one).files is not None


@needs_root
@pytest.mark.parametrize("pages", [0, 2, 4, 9, 40])
def test_a_full_disk_at_any_step_is_told_and_what_was_there_stays(
    served: tuple[str, Path], tmp_path: Path, pages: int
) -> None:
    address, folder = served
    (folder / "list.txt").write_text("0" * 32 + ":1:Old\n")
    one = Feed("one", "hashes", f"{address}/list.txt", "Digests")
    with small_disk(tmp_path / "disk", "size=4m") as disk:
        office = Office(disk)
        office.gather(one)
        (folder / "list.txt").write_text("".join(f"{number:032x}:1:New\n" for number in range(1000)))
        os.utime(folder / "list.txt", (2**31, 2**31))
        fill(disk, pages * 4096)
        (outcome,) = office.gather(one)
        files = office.gatherer.state(one).files
        assert files is not None
        lines = (files / "one.csv").read_text().splitlines()
        assert outcome.has_changed == (len(lines) == 1000) == (outcome.failure == "")
        assert len(lines) in {1, 1000}
        if outcome.failure:
            assert "the disk is full" in outcome.failure or "no space left" in outcome.failure
            assert pages < 40
        (disk / "filler").unlink()
        assert office.gather(one)[0].failure == ""
        assert len(list((disk / "databases" / "feeds" / "one").iterdir())) == 2
        assert not list((disk / "fetch").glob("spool-*"))


def scanned(office: Office, content: bytes, path: Path) -> list[str]:
    """Return what a worker in the sandbox finds with the set in use."""
    path.write_bytes(content)

    async def examine(descriptor: int) -> Outcome:
        pool = WorkerPool(office.databases.current(), size=1, limits={}, seconds=60.0)
        async with pool, aclosing(pool.examine([Submitted(descriptor, "a.txt")])) as outcomes:
            return await anext(outcomes)

    descriptor = os.open(path, os.O_RDONLY)
    try:
        verdict = asyncio.run(examine(descriptor)).untrusted_verdict
    finally:
        os.close(descriptor)
    assert isinstance(verdict, dict)
    return [finding[0] for finding in verdict["findings"]]


def test_a_mirror_of_clamavs_form_is_followed_from_its_server_to_a_scan(
    served: tuple[str, Path], office: Office, tmp_path: Path
) -> None:
    address, folder = served
    mirror(folder)
    for name in ("main", "daily"):
        (folder / f"{name}-7.cvd.sign").write_bytes(keys.proof((folder / f"{name}.cvd").read_bytes()))
    book = FeedBook(office.databases.folder / "feeds.json")
    book.add(feed("clamav", address))
    updater = Updater(office.databases, office.fetcher, office.gatherer, book, office.clock)

    def update() -> Updated:
        return asyncio.run(updater.update([], by_hand=True, tell=lambda *_: None))

    asyncio.run(office.databases.ensure())
    sample = tmp_path / "sample"
    assert scanned(office, HELLO, sample) == []
    assert update().has_changed
    assert scanned(office, HELLO, sample) == ["Listed.Hello"]

    diff = step(folder, 8, f"OPEN daily.hdb\nXCHG 1 {LINE.strip()[:10]} {digest_line(NEXT)}CLOSE\n")
    (folder / "daily-8.cdiff.sign").write_bytes(keys.proof(diff))
    assert update().has_changed
    assert scanned(office, HELLO, sample) == [NEXT]
    assert scanned(office, EICAR, sample)
    assert not update().has_changed

    diff = step(folder, 9, f"OPEN daily.hdb\nDEL 1 {LINE.strip()[:10]}\nCLOSE\n")
    (folder / "daily-9.cdiff").write_bytes(diff.replace(b":9:", b":9:0", 1))
    with pytest.raises(Unavailable, match="signature is not right"):
        update()
    assert scanned(office, HELLO, sample) == [NEXT]
