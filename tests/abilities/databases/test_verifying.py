import shutil
from pathlib import Path

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Timestamp

from garrison.abilities.databases.verifying import verify
from garrison.base.errors import Failed
from garrison.office.publisher.repository import _meta
from tests.abilities.databases.test_publications import digests
from tests.fetch.repositories import NAME, Client, Office, in_days, signed
from tests.office.publisher.offices import Publishing, take_from

REFUSED = (RepositoryError, ValueError, KeyError, OSError)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "office")
    office.publish(b"what is signed")
    return office


@pytest.fixture
def client(tmp_path: Path, office: Office) -> Client:
    client = Client(tmp_path / "client", office)
    client.refresh(office.public)
    (tmp_path / "file").write_bytes(b"what is signed")
    return client


def looked_at(client: Client, tmp_path: Path, name: str = NAME) -> None:
    verify(client.trust, {name: str(tmp_path / "file")})


def test_what_is_signed_passes_also_after_new_roots(client: Client, office: Office, tmp_path: Path) -> None:
    looked_at(client, tmp_path)
    for role in ("root", "targets", "timestamp"):
        office.repository.rotate(role)
        client.refresh(office.public)
    looked_at(client, tmp_path)


def test_another_file_or_one_that_nobody_signed_does_not(client: Client, tmp_path: Path) -> None:
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path, "other")
    (tmp_path / "file").write_bytes(b"what is forged")
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path)


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets"])
def test_metadata_of_another_publisher_does_not(client: Client, tmp_path: Path, role: str) -> None:
    other = Office(tmp_path / "other")
    other.publish(b"what is signed")
    theirs = other.public / "metadata" / ("timestamp.json" if role == "timestamp" else f"2.{role}.json")
    shutil.copyfile(theirs, client.trust / "metadata" / f"{role}.json")
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path)


def test_parts_of_different_publications_do_not(client: Client, office: Office, tmp_path: Path) -> None:
    before = (client.trust / "metadata" / "targets.json").read_bytes()
    office.publish(b"what is newer")
    client.refresh(office.public)
    (client.trust / "metadata" / "targets.json").write_bytes(before)
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path)
    snapshot = (client.trust / "metadata" / "snapshot.json").read_bytes()
    timestamp = Timestamp(9, expires=in_days(7), snapshot_meta=_meta(9, snapshot))
    (client.trust / "metadata" / "timestamp.json").write_bytes(signed(timestamp, office.signers("timestamp")))
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path)


@pytest.mark.parametrize("number", [2, 3])
def test_a_root_that_the_one_before_did_not_sign_does_not(
    client: Client, office: Office, tmp_path: Path, number: int
) -> None:
    office.repository.rotate("timestamp")
    client.refresh(office.public)
    other = Office(tmp_path / "other")
    other.repository.rotate("root")
    theirs = (other.public / "metadata" / "2.root.json").read_bytes()
    (client.trust / "metadata" / "root_history" / f"{number}.root.json").write_bytes(theirs)
    with pytest.raises(REFUSED):
        looked_at(client, tmp_path)


def test_whoever_takes_databases_asks_here(tmp_path: Path) -> None:
    office = Publishing(tmp_path / "office")
    office.release(digests(10))
    client = Client(tmp_path / "client", office)
    (client.trust / "metadata").mkdir()
    fetched = client.fetching.fetcher.trusted

    async def lying(*given: object, **named: object) -> object:
        trusted = await fetched(*given, **named)  # type: ignore[arg-type]
        next(iter(trusted.targets.values())).write_bytes(b"{}")
        return trusted

    client.fetching.fetcher.trusted = lying  # type: ignore[method-assign, assignment]
    with pytest.raises(Failed, match="not what the publisher signed"):
        take_from(client, office.public)
