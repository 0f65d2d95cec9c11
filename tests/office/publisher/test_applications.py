"""Publishing versions of Garrison: from a folder of wheels, which has to be complete."""

import json
import zipfile
from pathlib import Path

import pytest

from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound
from garrison.office.publisher.applications import last_release
from tests.abilities.application import wheels as made
from tests.abilities.application.offices import Publishing
from tests.office.publisher.test_program import answer, run


@pytest.fixture
def office(tmp_path: Path) -> Publishing:
    return Publishing(tmp_path / "office")


def test_what_a_version_takes_is_published_and_nothing_else(office: Publishing) -> None:
    assert last_release(office.repository) is None
    made.pack(office.wheels, "unrelated", "1.0", {})
    release = office.release("1.0", oldest="0.1")
    names = sorted(path.name for path in office.wheels.glob("*.whl"))
    assert sorted(release.wheels) == [name for name in names if "unrelated" not in name]
    assert last_release(office.repository) == release
    served = sorted(path.name.partition(".")[2] for path in (office.public / "targets").rglob("*.whl"))
    assert served == sorted(release.wheels)
    assert sorted(path.name for path in office.wheels.iterdir()) == names, "what lies there is only read"
    assert not list((office.folder / "stage").iterdir())


def test_databases_and_versions_do_not_get_into_each_others_way(office: Publishing) -> None:
    office.publish(b"a set", "sets/a/b.zst")
    office.release("1.0")
    office.release("1.1")
    targets = set(office.metadata("targets").targets)
    assert "sets/a/b.zst" in targets
    assert {name.split("/")[1] for name in targets if name.startswith("application/")} == {"1.1"}


def test_a_version_is_published_once_and_older_ones_not_again(office: Publishing) -> None:
    office.release("1.1")
    for version in ("1.1", "1.0", "1.1.0"):
        with pytest.raises(Invalid, match="no newer"):
            office.release(version)


def test_what_is_missing_is_said(office: Publishing) -> None:
    with pytest.raises(NotFound, match="no wheel of Garrison"):
        office.announce("")
    made.garrison(office.wheels, "1.0")
    made.garrison(office.wheels, "1.1")
    with pytest.raises(Invalid, match="several versions"):
        office.announce("")
    with pytest.raises(NotFound, match=r"no wheel of Garrison 1\.2"):
        office.announce("1.2")
    with pytest.raises(Invalid, match="cannot take over from itself"):
        office.announce("1.0", "1.0")
    with pytest.raises(Invalid, match="is no version"):
        office.announce("1.0", "one")
    (surroundings,) = office.wheels.glob("surroundings-*")
    content = surroundings.read_bytes()
    surroundings.unlink()
    with pytest.raises(Failed, match="not complete") as caught:
        office.announce("1.0")
    assert "surroundings" in caught.value.hint
    surroundings.write_bytes(content)
    (pip,) = office.wheels.glob("pip-*")
    pip.unlink()
    with pytest.raises(NotFound, match="pip has to be in the folder"):
        office.announce("1.0")


def test_what_is_no_wheel_is_refused(office: Publishing) -> None:
    wheel = made.garrison(office.wheels, "1.0")
    content = wheel.read_bytes()
    with zipfile.ZipFile(wheel) as archive:
        at = archive.getinfo("garrison/daemon/boot.py").header_offset
    for spoilt in (b"no archive", content[:-200], content[: at + 200] + b"\0" + content[at + 201 :]):
        wheel.write_bytes(spoilt)
        with pytest.raises(GarrisonError, match=r"damaged|not complete"):
            office.announce("1.0")
    (office.wheels / "wheel.whl").touch()
    with pytest.raises(Invalid, match="not called as a wheel"):
        office.announce("1.0")
    assert last_release(office.repository) is None


def test_the_command_says_what_it_published(tmp_path: Path) -> None:
    folder, wheels = tmp_path / "office", tmp_path / "wheels"
    wheels.mkdir()
    made.installer(wheels)
    made.surroundings(wheels)
    made.garrison(wheels, "1.0")
    run("init", folder)
    told = answer("publish-application", folder, "--wheels", wheels)
    assert (told["version"], len(told["wheels"])) == ("1.0", 3)
    made.garrison(wheels, "1.1")
    said = run("publish-application", folder, "--wheels", wheels, "--version", "1.1", "--min-previous", "1.0")
    assert "Published Garrison 1.1" in said
    listed = json.loads(next((folder / "public" / "targets").glob("*.application.json")).read_text())
    assert listed["version"] in {"1.0", "1.1"}
    assert answer("publish-application", folder, "--wheels", tmp_path / "none", code=3)["error"]["code"] == "not-found"
