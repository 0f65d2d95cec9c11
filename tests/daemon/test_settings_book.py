import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base import files
from garrison.base.errors import Failed, Invalid, NotFound, Unavailable
from garrison.daemon.settings_book import SettingsBook
from garrison.sdk import Component, Settings
from tests.sdk.samples import Sample, SampleSettings


class Plain(Component[Settings]):
    """Does nothing."""

    id = "plain"
    title = "Plain"


def book(folder: Path) -> SettingsBook:
    return SettingsBook(folder, {"sample": Sample, "plain": Plain})


def stored(folder: Path) -> Any:
    return json.loads((folder / "settings.json").read_bytes())["components"]


paths = st.binary(max_size=20).filter(lambda name: b"\0" not in name).map(lambda name: "/" + os.fsdecode(name))
changes = st.fixed_dictionaries(
    {},
    optional={
        "enabled": st.booleans(),
        "count": st.integers(1, 9),
        "share": st.floats(allow_nan=False, allow_infinity=False),
        "colour": st.sampled_from(["red", "blue"]),
        "places": st.lists(paths, max_size=3),
        "masks": st.lists(st.binary(max_size=9).map(os.fsdecode), max_size=3),
        "password": st.text(max_size=9),
        "passwords": st.lists(st.text(max_size=9), max_size=2),
    },
)


@given(st.lists(changes, max_size=4))
def test_changes_add_up_and_survive_a_restart(some: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = book(folder)
        expected: dict[str, Any] = {}
        for change in some:
            expected |= change
            old, new = settings.change("sample", change)
            assert new == SampleSettings.model_validate(
                {**expected, "places": list(map(Path, expected.get("places", [])))}
            )
            assert old == old.model_copy()
        again = book(folder)
        assert again.damaged == ""
        assert again.of("sample") == settings.of("sample")
        assert again.of("plain") == Settings()


def test_a_change_is_all_or_nothing(tmp_path: Path) -> None:
    settings = book(tmp_path)
    settings.change("sample", {"count": 4})
    with pytest.raises(Invalid) as raised:
        settings.change("sample", {"count": 5, "colour": "green", "no_such": 1})
    assert "colour" in raised.value.text
    assert "no_such" in raised.value.text
    assert (settings.of("sample").model_dump()["count"], stored(tmp_path)) == (4, {"sample": {"count": 4}})


def test_unknown_components(tmp_path: Path) -> None:
    settings = book(tmp_path)
    for ask in (settings.of, lambda name: settings.change(name, {})):
        with pytest.raises(NotFound):
            ask("no-such")


def test_changes_of_several_components_are_all_or_nothing(tmp_path: Path) -> None:
    settings = book(tmp_path)
    with pytest.raises(Invalid) as raised:
        settings.propose({"sample": {"count": 77, "colour": "green"}, "no-such": {}, "plain": {"enabled": "perhaps"}})
    for named in ("sample: count: ", "colour", "“no-such”", "plain: enabled"):
        assert named in raised.value.text
    proposal = settings.propose({"sample": {"count": 4}, "plain": {"enabled": False}})
    assert settings.of("sample") == SampleSettings()
    assert [each[:2] for each in proposal.differences()] == [("sample", "count"), ("plain", "enabled")]
    settings.adopt(proposal)
    assert stored(tmp_path) == {"sample": {"count": 4}, "plain": {"enabled": False}}


def test_settings_of_once_that_no_longer_fit_give_way_and_damage_nothing(tmp_path: Path) -> None:
    settings = book(tmp_path)
    settings.change("plain", {"enabled": False})
    settings.adopt(settings.propose_stored({"sample": {"count": 77, "colour": "blue"}}))
    assert (settings.of("plain"), settings.damaged) == (Settings(), "")
    assert settings.of("sample") == SampleSettings.model_validate({"colour": "blue"})


def test_only_the_owner_reads_the_file(tmp_path: Path) -> None:
    book(tmp_path).change("sample", {"password": "hunter2"})
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert modes == {"settings.json": 0o600, "settings.copy.json": 0o600}


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff" * 100, b"[]", b'{"components": []}', b'{"components": {"sample": 3}}', b"[" * 10**6]
)
def test_a_damaged_file_gives_way_to_its_copy_and_is_kept(tmp_path: Path, content: bytes) -> None:
    book(tmp_path).change("sample", {"count": 4})
    (tmp_path / "settings.json").write_bytes(content)
    settings = book(tmp_path)
    assert settings.damaged
    assert settings.of("sample").model_dump()["count"] == 4
    assert (tmp_path / "settings.damaged.json").read_bytes() == content
    assert book(tmp_path).damaged == ""


def test_both_damaged_leave_the_defaults(tmp_path: Path) -> None:
    book(tmp_path).change("sample", {"count": 4})
    for name in ("settings.json", "settings.copy.json"):
        (tmp_path / name).write_bytes(b"{")
    assert book(tmp_path).of("sample") == SampleSettings()


def test_single_values_that_do_not_fit_give_way_alone(tmp_path: Path) -> None:
    content = {"version": 1, "components": {"sample": {"count": 77, "colour": "blue", "of_another_version": [1]}}}
    (tmp_path / "settings.json").write_text(json.dumps(content), "utf-8")
    settings = book(tmp_path)
    assert "count" in settings.damaged
    assert settings.of("sample") == SampleSettings.model_validate({"colour": "blue"})
    settings.change("sample", {"share": 0.25})  # what does not fit is no obstacle
    assert stored(tmp_path)["sample"] == {"count": 3, "colour": "blue", "share": 0.25, "of_another_version": [1]}


@pytest.mark.parametrize("shape", [{"components": {}}, {"other": "shape"}])
def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path, shape: dict[str, Any]) -> None:
    content = json.dumps({"version": 2, **shape}).encode()
    (tmp_path / "settings.json").write_bytes(content)
    with pytest.raises(Unavailable, match="newer Garrison"):
        book(tmp_path)
    assert (tmp_path / "settings.json").read_bytes() == content


def test_a_file_that_cannot_be_read_is_no_damaged_one(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    with pytest.raises(Failed, match="is a directory"):
        book(tmp_path)


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = book(tmp_path)
    settings.change("sample", {"count": 4})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Failed, match="disk is full"):
        settings.change("sample", {"count": 5})
    monkeypatch.undo()
    assert settings.of("sample") == book(tmp_path).of("sample") == SampleSettings(count=4)


_CHANGER = """
import itertools, sys
from pathlib import Path
from garrison.components.scan.component import Scan
from garrison.daemon.settings_book import SettingsBook
book = SettingsBook(Path(sys.argv[1]), {"scan": Scan})
print("ready", flush=True)
for number in itertools.count(int(sys.argv[2])):
    book.change("scan", {"seconds_per_object": number, "quick_seconds": number})
"""


def test_a_kill_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    last = 5
    for _ in range(4):
        command = [sys.executable, "-c", _CHANGER, str(tmp_path), str(last)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(0.05)
        process.kill()
        process.communicate()
        files.sweep(tmp_path)
        values = stored(tmp_path)["scan"]
        assert values["seconds_per_object"] == values["quick_seconds"] >= last
        last = values["quick_seconds"]
