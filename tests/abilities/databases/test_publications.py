import asyncio
import platform
import random
from collections.abc import Sequence
from pathlib import Path

import hyperscan
import pytest

from garrison.abilities.databases import Databases, publications
from garrison.abilities.databases.building import check_folder, name_of
from garrison.abilities.databases.delta import DERIVED, PATCH, SAME, is_derivable
from garrison.abilities.databases.publications import Taken, fingerprint, pin, pinned
from garrison.abilities.databases.published import LIST, Packed, Published, Update, read_published, written
from garrison.base.errors import Failed, GarrisonError, Invalid
from garrison.engine.hashes import ANY_SIZE
from garrison.engine.patterns import writer
from garrison.office.publisher import publishing
from tests.abilities.databases.campaign import few_rules
from tests.abilities.databases.tables import Row, changed, rows
from tests.abilities.things import fill, needs_root, small_disk
from tests.fetch.repositories import Client
from tests.fetch.servers import Server, content, status
from tests.fetch.test_trusting import serve
from tests.office.publisher.offices import Publishing, same, take_from


def digests(count: int) -> list[Row]:
    return [row for row in rows(random.Random(1), count) if row[1] != ANY_SIZE]


@pytest.fixture
def office(tmp_path: Path) -> Publishing:
    office = Publishing(tmp_path / "office")
    office.release(digests(3000))
    return office


@pytest.fixture
def client(tmp_path: Path, office: Publishing) -> Client:
    return Client(tmp_path / "client", office)


def kept(taken: Taken) -> Path:
    """Put a taken set where a suite has it: in a folder called by its name."""
    return taken.folder.rename(taken.folder.with_name(taken.name))


def test_the_set_is_taken_whole_and_is_the_one_that_was_compiled(client: Client, office: Publishing) -> None:
    with Server(closes=False) as server:
        serve(server, office.public)
        taken = take_from(client, server.url(""))
    last = office.publisher.last()
    assert last is not None
    assert (taken.name, taken.created, taken.signatures) == (last.set, "2026-11-24T06:00:00+00:00", last.signatures)
    assert (taken.is_new, taken.is_delta, taken.is_stale) == (True, False, False)
    assert name_of(taken.folder) == taken.name
    assert taken.transferred > last.packed
    check_folder(taken.folder)
    assert same(taken.folder, office.folder / "work" / "sets" / taken.name)


def test_what_is_here_already_is_not_taken_again(client: Client, office: Publishing) -> None:
    current = kept(take_from(client, office.public))
    again = take_from(client, office.public, current=current)
    assert (again.is_new, again.folder) == (False, current)


def test_the_next_set_comes_as_a_small_update(client: Client, office: Publishing) -> None:
    current = kept(take_from(client, office.public))
    outcome = office.release(changed(random.Random(2), digests(3000), 0.005), "2026-11-25T06:00:00+00:00")
    with Server(closes=False) as server:
        serve(server, office.public)
        taken = take_from(client, server.url(""), current=current)
    assert taken.is_delta
    assert 0 < outcome.update_bytes < 0.05 * outcome.bytes
    assert taken.transferred < outcome.update_bytes + 20_000
    targets = [asked.target for asked in server.asked]
    assert targets.count("/metadata/timestamp.json") == 1  # all came with the list
    assert len(set(targets)) == len(targets)
    assert same(taken.folder, office.folder / "work" / "sets" / outcome.name)


def test_who_missed_some_sets_follows_the_chain(client: Client, office: Publishing) -> None:
    current = kept(take_from(client, office.public))
    entries = digests(3000)
    for day in range(4):
        entries = [row for row in changed(random.Random(day), entries, 0.005) if row[1] != ANY_SIZE]
        office.release(entries, f"2026-12-0{day + 1}T06:00:00+00:00")
    last = office.publisher.last()
    assert last is not None
    assert [len(last.way_from(name)) for name in (current.name, last.set, "0" * 32)] == [4, 0, 0]
    taken = take_from(client, office.public, current=current)
    assert taken.is_delta
    assert same(taken.folder, office.folder / "work" / "sets" / taken.name)
    assert not list(taken.folder.parent.glob("*.step-*"))


def test_a_set_from_elsewhere_is_no_ground_for_an_update_but_its_files_serve(
    client: Client, office: Publishing
) -> None:
    current = kept(take_from(client, office.public))
    renamed = current.rename(current.with_name("f" * 32))
    office.release(digests(2000), "2026-11-25T06:00:00+00:00")
    taken = take_from(client, office.public, current=renamed)
    assert not taken.is_delta
    assert (taken.folder / "rules.yrx").stat().st_ino == (renamed / "rules.yrx").stat().st_ino
    check_folder(taken.folder)


def test_a_damaged_set_is_no_ground_for_an_update_so_the_whole_one_comes(client: Client, office: Publishing) -> None:
    current = kept(take_from(client, office.public))
    for name in ("hashes-sha256.bin", "words.bin"):
        table = current / name
        table.chmod(0o600)
        damaged = bytearray(table.read_bytes())
        damaged[100] ^= 1
        table.write_bytes(damaged)
    office.release(changed(random.Random(2), digests(3000), 0.005), "2026-11-25T06:00:00+00:00")
    taken = take_from(client, office.public, current=current)
    assert not taken.is_delta
    check_folder(taken.folder)


PATTERNS = [f"Pattern-{number}:{number % 2}:*:{random.Random(number).randbytes(20).hex()}" for number in range(300)]


def otherwise(atoms: Sequence[tuple[bytes, bool]]) -> bytes:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    expressions = [b"".join(b"\\x%02x" % byte for byte in content) for content, _ in atoms]
    flags = [hyperscan.HS_FLAG_SINGLEMATCH] * len(atoms)
    database.compile(expressions=expressions, ids=list(range(len(atoms))), elements=len(atoms), flags=flags)
    return bytes(hyperscan.dumpb(database))


@pytest.mark.parametrize("is_alike", [True, False])
def test_atoms_of_patterns_are_compiled_here_where_the_computers_are_alike(
    client: Client, office: Publishing, monkeypatch: pytest.MonkeyPatch, is_alike: bool
) -> None:
    if not is_alike:  # as if the publisher's Vectorscan made something else of the same atoms
        monkeypatch.setattr(writer, "compiled", otherwise)
        monkeypatch.setattr(publishing, "_is_derivable", lambda _, name: is_derivable(name))
    office.release(digests(3000), "2026-11-25T06:00:00+00:00", PATTERNS)
    current = kept(take_from(client, office.public))
    office.release(digests(3000), "2026-11-26T06:00:00+00:00", [*PATTERNS[1:], "New:0:*:00112233445566778899"])
    office.release(digests(2999), "2026-11-27T06:00:00+00:00", [*PATTERNS[2:], "New:0:*:00112233445566778899"])
    last = office.publisher.last()
    assert last is not None
    taken = take_from(client, office.public, current=current)
    assert taken.is_delta
    assert same(taken.folder, office.folder / "work" / "sets" / taken.name)
    monkeypatch.undo()
    here = writer.recompiled((taken.folder / "patterns-index.bin").read_bytes(), 0)
    assert ((taken.folder / "patterns-atoms-0.bin").read_bytes() == here) == is_alike
    atoms = {"patterns-atoms-0.bin", "patterns-atoms-1.bin"}
    changed_at = [{name for name in atoms if update.files[name].form != SAME} for update in last.deltas[-2:]]
    assert all(
        update.files[name].derivable for update in last.deltas[-2:] for name in atoms if update.files[name].packed
    )
    assert changed_at == [{"patterns-atoms-0.bin"}, {"patterns-atoms-1.bin"}]
    first, second, third = publications._plans(last, current)
    assert not any("atoms" in target for target in first.targets())
    assert sum("atoms" in target for target in second.targets()) == 2
    assert (second.is_delta, third.is_delta) == (True, False)


def test_what_is_published_meanwhile_is_taken_instead(
    client: Client, office: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    published: list[str] = []

    def publish_after_reading(content: bytes) -> Published:
        found = read_published(content)
        if not published:
            published.append(office.release(digests(2000), "2026-11-25T06:00:00+00:00").name)
        return found

    monkeypatch.setattr(publications, "read_published", publish_after_reading)
    assert take_from(client, office.public).name == published[0]


def test_a_mirror_that_lacks_a_file_is_passed_over(client: Client, office: Publishing) -> None:
    with Server(closes=False) as server:
        serve(server, office.public)
        for target in [target for target in server.answers if target.endswith("words.bin.zst")]:
            server.answers[target] = status(404)
        taken = take_from(client, server.url(""), office.public)
        assert taken.source == str(office.public)
        for target in [target for target in server.answers if target.endswith("words.bin.zst")]:
            server.answers[target] = content(b"something else")
        with pytest.raises(GarrisonError):
            take_from(client, server.url(""), to="again")
    assert not (client.trust.parent / "again").exists()


def test_a_set_for_another_processor_is_refused(
    client: Client, office: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "pdp11")
    with pytest.raises(Failed, match="another kind of processor"):
        take_from(client, office.public)


def test_signed_nonsense_is_refused(client: Client, office: Publishing) -> None:
    last = office.publisher.last()
    assert last is not None
    right = written(last)
    for wrong in (
        b"",
        b"{}",
        b"[" * 100_000,
        right.replace(b'"format": 1', b'"format": 2'),
        right.replace(b'"words.bin"', b'"../words.bin"'),
        right.replace(b'"set.json"', b'"sets.json"'),
        right.replace(last.set.encode(), b"../../etc"),
    ):
        office.publish(wrong, LIST)
        with pytest.raises(Failed):
            take_from(client, office.public)
    assert not (client.trust.parent / "taken").exists()
    assert read_published(right) == last


def test_a_set_that_is_not_what_its_name_tells_is_refused(client: Client, office: Publishing) -> None:
    last = office.publisher.last()
    assert last is not None
    forged = written(last).replace(b'"set": "' + last.set.encode(), b'"set": "' + b"0" * 32)
    for name in last.files:
        path = office.repository.target_file(last.target(name))
        assert path is not None
        office.publish(path.read_bytes(), f"sets/{'0' * 32}/{name}.zst")
    office.publish(forged, LIST)
    with pytest.raises(Failed, match="name tells"):
        take_from(client, office.public)
    assert not (client.trust.parent / "taken").exists()


class TestPinning:
    def test_a_root_is_pinned_by_its_fingerprint_and_forgets_another_publisher(
        self, tmp_path: Path, client: Client, office: Publishing
    ) -> None:
        take_from(client, office.public)
        assert list((client.trust / "metadata").iterdir())
        root = office.repository.root_content()
        assert pin(client.trust, root) == fingerprint(root) == pinned(client.trust)
        assert list((client.trust / "metadata").iterdir())
        other = Publishing(tmp_path / "other")
        assert pin(client.trust, other.repository.root_content()) != fingerprint(root)
        assert not (client.trust / "metadata").exists()
        with pytest.raises(Failed):
            take_from(client, office.public, to="more")

    def test_what_is_no_root_is_not_pinned(self, tmp_path: Path, office: Publishing) -> None:
        root = office.repository.root_content()
        timestamp = (office.public / "metadata" / "timestamp.json").read_bytes()
        for wrong in (b"", b"{}", b"[" * 100_000, root[:-1], root.replace(b'"sig":"', b'"sig":"00', 1), timestamp):
            with pytest.raises(Invalid, match="no root of a publisher"):
                pin(tmp_path / "trust", wrong)
        assert pinned(tmp_path / "trust") == ""

    def test_a_fingerprint_is_eight_groups_of_four(self) -> None:
        assert fingerprint(b"") == "e3b0 c442 98fc 1c14 9afb f4c8 996f b924"


@needs_root
def test_a_disk_that_fills_up_at_any_step_keeps_the_set_in_use_and_with_room_the_next_try_takes_the_new_one(
    office: Publishing, tmp_path: Path
) -> None:
    took = [take_on_a_full_disk(office, tmp_path / "disk", pages) for pages in (0, 4, 20, 90, 200)]
    assert took == sorted(took), "what there is room for with less there is with more"
    assert (took[0], took[-1]) == (False, True)


def take_on_a_full_disk(office: Publishing, disk: Path, pages: int) -> bool:
    """Take and adopt what is published with so much room; return whether there was enough. With more there is."""
    with small_disk(disk, "size=24m"), few_rules():
        client = Client(disk, office)
        databases = Databases(client.fetching.home, client.fetching.fetcher._clock)
        asyncio.run(databases.ensure())
        before = databases.name()
        fill(disk, pages * 4096)
        told = asyncio.run(_take_into_use(client, databases, office))
        assert (databases.name() == before) == bool(told)
        assert told == "" or "disk is full" in told or "could not be written" in told, told
        check_folder(databases.current())
        (disk / "filler").unlink()
        databases = Databases(client.fetching.home, client.fetching.fetcher._clock)
        asyncio.run(databases.ensure())
        assert (databases.name() == before) == bool(told)
        assert not list(databases.folder.glob(".*")), "something is left"
        assert asyncio.run(_take_into_use(client, databases, office)) == ""
        last = office.publisher.last()
        assert last is not None
        assert databases.name() == last.set
        check_folder(databases.current())
    return not told


async def _take_into_use(client: Client, databases: Databases, office: Publishing) -> str:
    """Do it as an update does, which would not even begin without room; return what is told, "" when it came about."""
    fetcher, fresh = client.fetching.fetcher, databases.folder / ".new-taken"
    try:
        taken = await publications.take(fetcher, [str(office.public)], client.trust, databases.current(), fresh)
        if taken.is_new:
            await databases.adopt(taken.folder, taken.source, taken.transferred)
    except GarrisonError as error:
        return f"{error.text} {error.hint}"
    return ""


def test_small_updates_of_atoms_are_fetched_and_only_large_ones_compiled() -> None:
    def update(before: str, after: str, packed: dict[str, int]) -> Update:
        files = {name: Packed(10**6, "0" * 64, size, PATCH, is_derivable(name)) for name, size in packed.items()}
        return Update(before, after, files)

    small, middle, large = (f"patterns-atoms-{number}.bin" for number in (0, 1, 2))
    way = [
        update("a", "b", {"patterns-index.bin": 50_000, small: 2_000, middle: 15_000, large: 90_000}),
        update("b", "c", {"patterns-index.bin": 50_000, small: 2_000, middle: 15_000, large: 100}),
    ]
    steps = publications._derived(way)
    assert {name for step in steps for name in step.targets} == {"patterns-index.bin", small, middle}
    assert [large in step.files for step in steps] == [False, True]  # in between it is not needed
    assert steps[-1].files[large].form == DERIVED
    for step in publications._derived([update("a", "b", {"patterns-index.bin": 1_000, small: 2_000, middle: 401})]):
        assert set(step.targets) == {"patterns-index.bin"}
