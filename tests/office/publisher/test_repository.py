from contextlib import suppress
from pathlib import Path

import pytest

from garrison.base.errors import Failed, NotFound
from garrison.base.files import write_atomically
from garrison.office.publisher import repository
from garrison.office.publisher.keys import Keys
from garrison.office.publisher.repository import Repository
from tests.fetch.repositories import DAYS, NAME, Client, Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path / "office", root=3, targets=2)
    office.publish(b"first")
    return office


def test_files_of_one_publication_ago_stay_for_who_is_reading_them(office: Office) -> None:
    first = office.repository.target_file(NAME)
    assert first is not None
    office.publish(b"second")
    assert first.is_file()
    office.publish(b"third")
    assert not first.exists()
    versions = sorted(path.name for path in (office.public / "metadata").glob("*.targets.json"))
    assert versions == ["3.targets.json", "4.targets.json"]


def test_what_is_not_kept_goes(office: Office) -> None:
    office.publish(b"other", "other/file")
    office.repository.publish({}, lambda target: target == NAME)
    assert office.repository.target_file("other/file") is None
    assert office.repository.target_file(NAME) is not None


def test_without_enough_keys_nothing_is_published(office: Office) -> None:
    next((office.folder / "keys").glob("targets-*.pem")).unlink()
    before = {path: path.read_bytes() for path in (office.public / "metadata").iterdir()}
    with pytest.raises(Failed, match="takes 2 of the keys"):
        office.publish(b"second")
    assert {path: path.read_bytes() for path in (office.public / "metadata").iterdir()} == before


def test_no_publisher_is_told(tmp_path: Path, office: Office) -> None:
    nowhere = Repository(tmp_path / "nowhere", Keys([tmp_path]), office.clock, DAYS)
    assert not nowhere.exists()
    for ask in (nowhere.root, nowhere.root_content, nowhere.renew):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize("deed", ["publish", "targets", "snapshot", "timestamp", "root"])
@pytest.mark.parametrize("step", range(6))
def test_cut_short_at_any_file_the_repository_serves_and_goes_on(
    tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch, deed: str, step: int
) -> None:
    client = Client(tmp_path / "client", office)
    written: list[Path] = []

    def cut(path: Path, content: bytes, mode: int = 0o600) -> None:
        if len(written) == step:
            raise KeyboardInterrupt
        written.append(path)
        write_atomically(path, content, mode)

    with monkeypatch.context() as patched:
        patched.setattr(repository, "write_atomically", cut)
        with suppress(KeyboardInterrupt):
            office.publish(b"second") if deed == "publish" else office.repository.rotate(deed)
    is_published = deed == "publish" and step > 3
    assert client.refresh(office.public)[0] == (b"second" if is_published else b"first")
    office.publish(b"third")
    assert client.refresh(office.public)[0] == b"third"
