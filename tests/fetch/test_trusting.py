"""What signed repositories are attacked with (the list of TUF), each held against our client over loopback."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tuf.api.metadata import Root, Snapshot, Timestamp

from garrison.base.errors import Failed, GarrisonError
from garrison.office.publisher.keys import Keys
from garrison.office.publisher.repository import _meta
from garrison.wire.fetching import Ahead
from tests.fetch.repositories import NAME, Client, Office, in_days, served, signed
from tests.fetch.servers import Answer, Server, content, endless, head, status

FIRST, SECOND = b"the first databases", b"the second databases, which are newer"
EXPIRED = "expired"
UNSIGNED = "not signed by the keys that are trusted"
OLDER = "older databases than it had before"
OTHERS = "not those that were signed"
GARBAGE = (
    b"",
    b"[" * 15_000,
    b'{"signatures": [], "signed": {"_type": "root"}}',
    b"{}",
    b"[]",
    b"null",
    b"\xff\xfe",
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b'{"signatures": [], "signed": {"_type": "timestamp", "version": 1e999}}',
    b"<html>Please sign in to the hotel's network</html>",
)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "office")
    office.publish(FIRST)
    return office


@pytest.fixture
def client(tmp_path: Path, office: Office) -> Client:
    return Client(tmp_path / "client", office)


@pytest.fixture
def server(office: Office) -> Iterator[Server]:
    """Serve the repository as it is when `serve` is called."""
    with Server(closes=False) as server:
        serve(server, office.public)
        yield server


def serve(server: Server, public: Path, **changed: Answer | bytes) -> None:
    """Serve a folder, with some answers changed: timestamp, root_2, snapshot_3, targets_3."""
    server.answers.clear()
    server.answers.update(served(public))
    for name, answer in changed.items():
        role, _, version = name.partition("_")
        server.answers[f"/metadata/{version + '.' if version else ''}{role}.json"] = (
            content(answer) if isinstance(answer, bytes) else answer
        )


def refused(client: Client, server: Server, office: Office, says: str, seen: bytes | None = None) -> None:
    """Hold that a source is refused with a sentence, and that the good one serves after it, and after that alone."""
    with pytest.raises(GarrisonError) as caught:
        client.refresh(server.url(""))
    assert says in caught.value.text
    assert caught.value.text.endswith(".")
    body, trusted = client.refresh(server.url(""), office.public)
    assert body == (seen or SECOND)
    assert trusted.source == str(office.public)
    assert says in trusted.failures[server.url("")]


def target(public: Path) -> str:
    return next(f"/{path.relative_to(public)}" for path in (public / "targets").rglob("*.file") if path.is_file())


class TestWhatWorks:
    def test_a_target_comes_verified_with_where_from_and_until_when(self, client: Client, server: Server) -> None:
        body, trusted = client.refresh(server.url(""))
        assert body == FIRST
        assert (trusted.version, trusted.source, trusted.is_stale) == (2, server.url(""), False)
        assert trusted.expires == in_days(7).isoformat()
        assert len(client.fetching.ledger) >= 5

    def test_what_will_be_wanted_next_comes_along(self, client: Client, office: Office) -> None:
        sizes = {"next/a-1": 10, "next/a-2": 30, "next/spare-1": 5, "next/spare-2": 12, "next/spare-3": 9, "other/b": 3}
        for name, size in sizes.items():
            office.publish(bytes(size), name)
        with Server(closes=False) as server:
            serve(server, office.public)
            body, trusted = client.refresh(server.url(""), ahead=Ahead("next/", "spare-", 0.5, 1000))
        assert body == FIRST
        assert list(trusted.targets) == [NAME, "next/a-1", "next/a-2", "next/spare-1", "next/spare-3"]
        assert client.came == {NAME: FIRST} | {name: bytes(sizes[name]) for name in [*trusted.targets][1:]}

    @pytest.mark.parametrize("most_bytes", [39, 40])
    def test_only_little_comes_along(self, client: Client, office: Office, most_bytes: int) -> None:
        office.publish(bytes(40), "next/a")
        _, trusted = client.refresh(office.public, ahead=Ahead("next/", "spare-", 0.5, most_bytes))
        assert list(trusted.targets) == ([NAME, "next/a"] if most_bytes == 40 else [NAME])

    def test_what_comes_along_damaged_or_not_at_all_keeps_nothing_back(self, client: Client, office: Office) -> None:
        for name in ("next/a", "next/b", "next/c"):
            office.publish(name.encode(), name)
        with Server(closes=False) as server:
            for bad in (content(b"next/X"), content(b"something longer"), status(404)):
                serve(server, office.public)
                place = next(target for target in server.answers if target.endswith(".b"))
                server.answers[place] = bad
                body, trusted = client.refresh(server.url(""), ahead=Ahead("next/", "spare-", 0.5, 1000))
                assert body == FIRST
                assert list(trusted.targets) == [NAME, "next/a"]
        assert client.came == {NAME: FIRST, "next/a": b"next/a"}

    def test_the_served_folder_or_the_one_above_may_be_named(self, client: Client, office: Office) -> None:
        assert client.refresh(office.public)[0] == FIRST
        assert client.refresh(office.folder)[0] == FIRST

    def test_what_is_not_published_does_not_come(self, client: Client, server: Server) -> None:
        assert client.refresh(server.url(""), name="other/file")[0] is None

    def test_newer_databases_come_and_nothing_else_is_asked_again(
        self, client: Client, server: Server, office: Office
    ) -> None:
        client.refresh(server.url(""))
        office.publish(SECOND)
        serve(server, office.public)
        server.asked.clear()
        assert client.refresh(server.url(""))[0] == SECOND
        assert "/metadata/1.root.json" not in server.targets()

    def test_the_pinned_root_stays_as_it_was(self, client: Client, office: Office, server: Server) -> None:
        before = (client.trust / "root.json").read_bytes()
        office.repository.rotate("root")
        serve(server, office.public)
        assert client.refresh(server.url(""))[0] == FIRST
        assert (client.trust / "root.json").read_bytes() == before

    def test_without_a_pinned_root_nothing_is_asked(self, client: Client, server: Server) -> None:
        (client.trust / "root.json").unlink()
        with pytest.raises(GarrisonError):
            client.refresh(server.url(""))
        assert server.targets() == []


class TestRollback:
    def test_what_was_published_before_is_not_taken_again(self, client: Client, server: Server, office: Office) -> None:
        old = office.copy()
        office.publish(SECOND)
        client.refresh(office.public)
        serve(server, old)
        refused(client, server, office, OLDER)

    def test_a_new_timestamp_does_not_lead_back_to_an_old_snapshot(
        self, client: Client, server: Server, office: Office
    ) -> None:
        old = office.metadata("timestamp").snapshot_meta
        office.publish(SECOND)
        client.refresh(office.public)
        timestamp = Timestamp(9, expires=in_days(7), snapshot_meta=old)
        serve(server, office.public, timestamp=signed(timestamp, office.signers("timestamp")))
        with pytest.raises(Failed, match=OLDER):
            client.refresh(server.url(""))

    def test_a_new_snapshot_does_not_lead_back_to_old_targets(
        self, client: Client, server: Server, office: Office
    ) -> None:
        old = office.metadata("snapshot").meta
        office.publish(SECOND)
        client.refresh(office.public)
        snapshot = signed(Snapshot(9, expires=in_days(90), meta=old), office.signers("snapshot"))
        timestamp = Timestamp(9, expires=in_days(7), snapshot_meta=_meta(9, snapshot))
        serve(server, office.public, snapshot_9=snapshot, timestamp=signed(timestamp, office.signers("timestamp")))
        with pytest.raises(Failed, match=OLDER):
            client.refresh(server.url(""))

    def test_an_old_root_is_not_taken_for_a_new_one(self, client: Client, server: Server, office: Office) -> None:
        office.publish(SECOND)
        serve(server, office.public, root_2=office.repository.root_content())
        refused(client, server, office, OLDER)

    def test_roots_come_one_after_the_other(self, client: Client, server: Server, office: Office) -> None:
        office.publish(SECOND)
        office.repository.rotate("timestamp")
        office.repository.rotate("timestamp")
        serve(server, office.public, root_2=(office.public / "metadata" / "3.root.json").read_bytes())
        refused(client, server, office, OLDER)


class TestFreeze:
    def test_what_has_expired_is_refused_and_works_when_it_is_signed_again(
        self, client: Client, server: Server, office: Office
    ) -> None:
        client.refresh(server.url(""))
        client.at(8)
        with pytest.raises(Failed, match=EXPIRED):
            client.refresh(server.url(""))
        office.clock.set(in_days(8))
        office.repository.renew()
        serve(server, office.public)
        assert client.refresh(server.url(""))[0] == FIRST

    def test_a_mirror_that_holds_newer_ones_back_is_passed_over_in_the_end(
        self, client: Client, server: Server, office: Office
    ) -> None:
        client.refresh(server.url(""))
        office.clock.set(in_days(6))
        office.publish(SECOND)
        client.at(8)
        refused(client, server, office, EXPIRED)

    def test_a_folder_may_be_older_and_says_so(self, client: Client, office: Office) -> None:
        client.at(30)
        body, trusted = client.refresh(office.public)
        assert body == FIRST
        assert trusted.is_stale
        assert trusted.expires == in_days(7).isoformat()

    def test_a_folder_older_than_what_is_known_is_refused_all_the_same(self, client: Client, office: Office) -> None:
        old = office.copy()
        office.publish(SECOND)
        client.refresh(office.public)
        client.at(30)
        with pytest.raises(Failed, match=OLDER):
            client.refresh(old)

    def test_an_expired_root_is_the_end_also_for_a_folder(self, client: Client, office: Office) -> None:
        client.at(366)
        with pytest.raises(Failed, match=EXPIRED):
            client.refresh(office.public)


class TestMixAndMatch:
    @pytest.mark.parametrize("role", ["snapshot", "targets"])
    def test_parts_of_different_publications_do_not_go_together(
        self, client: Client, server: Server, office: Office, role: str
    ) -> None:
        old = (office.public / "metadata" / f"2.{role}.json").read_bytes()
        office.publish(SECOND)
        changed: dict[str, Answer | bytes] = {f"{role}_3": old}
        serve(server, office.public, **changed)
        refused(client, server, office, OTHERS)

    def test_one_target_does_not_stand_in_for_another(self, client: Client, server: Server, office: Office) -> None:
        office.publish(SECOND)
        office.publish(FIRST, "folder/other")
        right = office.repository.target_file(NAME)
        wrong = office.repository.target_file("folder/other")
        assert right is not None
        assert wrong is not None
        server.answers.update(served(office.public))
        server.answers[f"/{right.relative_to(office.public)}"] = content(wrong.read_bytes())
        refused(client, server, office, OTHERS)


class TestContent:
    @pytest.mark.parametrize("role", ["timestamp", "root_2", "snapshot_2", "targets_2"])
    def test_metadata_without_end_is_given_up(self, client: Client, server: Server, office: Office, role: str) -> None:
        flood = endless(head(200), b" " * 65536)
        changed: dict[str, Answer | bytes] = {role: flood}
        serve(server, office.public, **changed)
        refused(client, server, office, "at most", FIRST)
        assert sum(entry.bytes_received for entry in client.fetching.ledger) < 20_000_000

    def test_a_target_without_end_is_given_up(self, client: Client, server: Server, office: Office) -> None:
        server.answers[target(office.public)] = endless(head(200), b" " * 65536)
        refused(client, server, office, "at most", FIRST)

    @pytest.mark.parametrize("body", [b"", FIRST[:-1], FIRST.swapcase(), b"\0" * len(FIRST)])
    def test_a_target_of_another_size_or_content_is_refused(
        self, client: Client, server: Server, office: Office, body: bytes
    ) -> None:
        server.answers[target(office.public)] = content(body)
        refused(client, server, office, OTHERS, FIRST)

    def test_a_target_that_is_too_long_is_refused(self, client: Client, server: Server, office: Office) -> None:
        server.answers[target(office.public)] = content(FIRST + b"!")
        refused(client, server, office, "most that is taken", FIRST)

    def test_garbage_is_refused(self, client: Client, server: Server, office: Office) -> None:
        for number, body in enumerate(GARBAGE):
            for role in ("timestamp", "root_2")[: 2 if number < 3 else 1]:
                changed: dict[str, Answer | bytes] = {role: body}
                serve(server, office.public, **changed)
                with pytest.raises(Failed, match="rules of a signed repository"):
                    client.refresh(server.url(""))
        assert client.refresh(office.public)[0] == FIRST


class TestKeys:
    @pytest.mark.parametrize("role", ["timestamp", "snapshot_2", "targets_2"])
    def test_unsigned_metadata_is_refused(self, client: Client, server: Server, office: Office, role: str) -> None:
        body = signed(office.metadata(role.partition("_")[0]), [])
        changed: dict[str, Answer | bytes] = {role: body}
        serve(server, office.public, **changed)
        refused(client, server, office, UNSIGNED if role == "timestamp" else OTHERS, FIRST)

    def test_another_publisher_is_not_taken_for_the_trusted_one(
        self, client: Client, server: Server, office: Office, tmp_path: Path
    ) -> None:
        other = Office(tmp_path / "other")
        other.publish(SECOND)
        serve(server, other.public)
        refused(client, server, office, UNSIGNED, FIRST)

    def test_fewer_signatures_than_the_threshold_are_not_enough(self, tmp_path: Path, server: Server) -> None:
        office = Office(tmp_path / "two", timestamp=2)
        office.publish(FIRST)
        client = Client(tmp_path / "theirs", office)
        timestamp = office.metadata("timestamp")
        timestamp.version += 1
        serve(server, office.public, timestamp=signed(timestamp, office.signers("timestamp")[:1]))
        refused(client, server, office, UNSIGNED, FIRST)

    def test_one_key_that_signs_twice_is_one_key(self, tmp_path: Path, server: Server) -> None:
        office = Office(tmp_path / "two", timestamp=2)
        office.publish(FIRST)
        client = Client(tmp_path / "theirs", office)
        timestamp = office.metadata("timestamp")
        one = signed(timestamp, office.signers("timestamp")[:1])
        entry = one[one.index(b"[") + 1 : one.index(b"]")].strip()
        serve(server, office.public, timestamp=one.replace(entry, entry + b"," + entry))
        with pytest.raises(Failed):
            client.refresh(server.url(""))
        assert client.refresh(office.public)[0] == FIRST

    @pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
    def test_a_stolen_key_is_worth_nothing_after_it_was_rotated(
        self, client: Client, server: Server, office: Office, role: str
    ) -> None:
        stolen = office.signers(role)
        client.refresh(office.public)
        office.repository.rotate(role)
        assert client.refresh(office.public)[0] == FIRST
        forged = office.metadata(role)
        forged.version += 1
        body = signed(forged, stolen)
        changed: dict[str, Answer | bytes] = {role if role == "timestamp" else f"{role}_{forged.version}": body}
        if role == "targets":
            snapshot = Snapshot(9, expires=in_days(90), meta={"targets.json": _meta(forged.version, body)})
            changed["snapshot_9"] = body = signed(snapshot, office.signers("snapshot"))
            changed["timestamp"] = signed(
                Timestamp(9, expires=in_days(7), snapshot_meta=_meta(9, body)), office.signers("timestamp")
            )
        elif role == "snapshot":
            timestamp = Timestamp(9, expires=in_days(7), snapshot_meta=_meta(forged.version, body))
            changed["timestamp"] = signed(timestamp, office.signers("timestamp"))
        serve(server, office.public, **changed)
        with pytest.raises(Failed, match=UNSIGNED):
            client.refresh(server.url(""))

    def test_version_numbers_run_up_by_a_thief_do_not_last(
        self, client: Client, server: Server, office: Office
    ) -> None:
        snapshot = Snapshot(2**31, expires=in_days(90), meta=office.metadata("snapshot").meta)
        body = signed(snapshot, office.signers("snapshot"))
        timestamp = Timestamp(2**31, expires=in_days(7), snapshot_meta=_meta(2**31, body))
        changed: dict[str, Answer | bytes] = {
            f"snapshot_{2**31}": body,
            "timestamp": signed(timestamp, office.signers("timestamp")),
        }
        serve(server, office.public, **changed)
        assert client.refresh(server.url(""))[0] == FIRST  # so far the thief's keys are the publisher's
        office.publish(SECOND)
        with pytest.raises(Failed, match=OLDER):
            client.refresh(office.public)
        office.repository.rotate("timestamp")
        office.repository.rotate("snapshot")
        assert client.refresh(office.public)[0] == SECOND

    def test_a_new_root_takes_the_keys_of_the_one_before(
        self, client: Client, server: Server, office: Office, tmp_path: Path
    ) -> None:
        thief = Keys([tmp_path / "thief"])
        root: Root = office.repository.root()
        for key in list(root.roles["root"].keyids):
            root.revoke_key(key, "root")
        signer = thief.make("root")
        root.add_key(signer.public_key, "root")
        root.version = 2
        serve(server, office.public, root_2=signed(root, [signer]))
        refused(client, server, office, UNSIGNED, FIRST)

    def test_a_new_root_takes_its_own_keys_too(self, tmp_path: Path, client: Client, office: Office) -> None:
        old = office.signers("root")
        office.repository.rotate("root")
        with Server(closes=False) as server:
            serve(server, office.public, root_2=signed(office.repository.root(), old))
            refused(client, server, office, UNSIGNED, FIRST)


class TestSources:
    def test_the_first_that_works_serves(self, client: Client, server: Server, office: Office) -> None:
        body, trusted = client.refresh("http://127.0.0.1:1", "/nowhere/at/all", server.url(""), office.public)
        assert body == FIRST
        assert trusted.source == server.url("")
        assert set(trusted.failures) == {"http://127.0.0.1:1", "/nowhere/at/all"}

    def test_one_that_has_signed_metadata_but_not_the_files_is_passed_over(
        self, client: Client, server: Server, office: Office
    ) -> None:
        del server.answers[target(office.public)]
        body, trusted = client.refresh(server.url(""), office.public)
        assert (body, trusted.source) == (FIRST, str(office.public))

    def test_when_none_serves_each_reason_is_told(self, client: Client, server: Server, office: Office) -> None:
        shutil.rmtree(office.public)
        server.answers.clear()
        with pytest.raises(GarrisonError) as caught:
            client.refresh(server.url(""), office.public)
        assert "127.0.0.1" in caught.value.text
        assert str(office.public) in caught.value.text
