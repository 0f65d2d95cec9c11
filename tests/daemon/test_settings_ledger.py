from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Invalid, NotFound, Refused, Unexpected
from garrison.daemon.settings_results import Difference, Differences
from garrison.sdk import Text
from tests.daemon.parts import ANNA
from tests.daemon.test_suite import Stage, on_stage
from tests.sdk.samples import SampleSettings


async def changed(stage: Stage, name: str, *values: str) -> None:
    await stage.call("settings-set", name=name, values=[*values])


def test_settings_go_to_another_computer(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()

    async def give(stage: Stage) -> None:
        await changed(stage, "sample.count", "7")
        await changed(stage, "sample.places", "/\udcff", "/b")
        await changed(stage, "sample.password", "hunter2")
        await stage.call("settings-export", path=str(file))

    async def take(stage: Stage) -> None:
        await changed(stage, "sample.password", "own")
        preview = await stage.call("settings-import", path=str(file), preview=True)
        assert (preview["done"], preview["origin"]) == (False, "elsewhere")
        assert [row["setting"] for row in preview["differences"]] == ["sample.count", "sample.places"]
        assert stage.sample.settings.count == 3
        assert (await stage.call("settings-import", path=str(file)))["done"]
        assert (stage.sample.settings.count, stage.sample.settings.places) == (7, [Path("/\udcff"), Path("/b")])
        assert stage.sample.taken_up[-1].count == 7
        assert stage.sample.settings.password.get_secret_value() == "own"
        names = [row["name"] for row in await stage.call("journal")]
        assert "SettingsImported" in names
        again = await stage.call("settings-import", path=str(file))
        assert again["differences"] == []
        await stage.call("settings-undo")
        assert stage.sample.settings.count == 3
        assert stage.sample.settings.password.get_secret_value() == "own"

    on_stage(here, give)
    on_stage(there, take)


def test_an_import_names_every_mistake_and_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"

    async def script(stage: Stage) -> None:
        file.write_text(
            "format = 1\n[settings.sample]\ncount = 77\ncolour = 'green'\nnone = 1\nshare = 0.25\n"
            "[settings.no-such]\nx = 1\n[settings.suite]\njournal_days = 0\n",
            "utf-8",
        )
        with pytest.raises(Invalid) as raised:
            await stage.call("settings-import", path=str(file))
        for named in ("sample: ", "count", "colour", "none", "no-such", "suite: journal_days"):
            assert named in raised.value.text
        assert stage.sample.settings == SampleSettings()
        file.write_text("format = 1\n[settings.suite]\nenabled = false\n", "utf-8")
        with pytest.raises(Invalid, match="not switched"):
            await stage.call("settings-import", path=str(file))
        for operation in ("settings-import", "settings-export"):
            with pytest.raises(Refused):
                await stage.call(operation, ANNA, path=str(file))
        assert await stage.call("settings-history") == []

    on_stage(tmp_path, script)


def test_an_import_that_a_component_cannot_take_up_is_taken_back_whole(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text("format = 1\n[settings.suite]\njournal_days = 9\n[settings.sample]\ncount = 7\n", "utf-8")

    async def script(stage: Stage) -> None:
        stage.fails.append(KeyError("x"))
        with pytest.raises(Unexpected):
            await stage.call("settings-import", path=str(file))
        stage.fails.clear()
        assert stage.sample.settings.count == 3
        assert stage.parts.book.stored == {}
        assert await stage.call("settings-history") == []

    on_stage(tmp_path, script)


def test_the_history_says_who_changed_what_and_no_secret(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await changed(stage, "sample.count", "7")
        await changed(stage, "sample.password", "hunter2")
        await changed(stage, "sample.password", "hunter3")
        await changed(stage, "sample.count", "7")  # no change
        rows = await stage.call("settings-history")
        assert "hunter" not in repr(rows)
        told = [(row["setting"], row["old"], row["new"], row["account"], row["how"]) for row in rows]
        assert told == [
            ("sample.password", "********", "********", 0, "changed"),
            ("sample.password", "the default", "********", 0, "changed"),
            ("sample.count", "3", "7", 0, "changed"),
        ]
        with pytest.raises(Refused):
            await stage.call("settings-history", ANNA)
        assert "hunter" not in repr(await stage.call("settings-undo"))
        assert stage.sample.settings.password.get_secret_value() == "hunter2"
        await stage.call("settings-undo")
        assert (await stage.call("settings-undo", preview=True))["done"] is False
        assert stage.sample.settings.count == 7
        await stage.call("settings-undo")
        assert stage.sample.settings == SampleSettings()
        assert [row["undone"] for row in await stage.call("settings-history")] == [False] * 3 + [True] * 3
        with pytest.raises(NotFound):
            await stage.call("settings-undo")

    on_stage(tmp_path, script)


def test_settings_are_kept_under_a_name(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await changed(stage, "sample.count", "7")
        await stage.call("settings-snapshot", name="good")
        await changed(stage, "sample.count", "8")
        await stage.call("stop", component="sample")
        assert [(row["name"], row["differs"]) for row in await stage.call("settings-snapshots")] == [("good", 2)]
        await stage.call("settings-restore", name="good", preview=True)
        assert stage.sample.settings.count == 8
        await stage.call("settings-restore", name="good")
        assert (stage.sample.settings.count, stage.sample.settings.enabled) == (7, True)
        await stage.call("settings-forget", name="good")
        with pytest.raises(NotFound):
            await stage.call("settings-restore", name="good")

    on_stage(tmp_path, script)


@pytest.mark.parametrize("with_lists", [False, True])
def test_defaults_leave_own_lists_alone_unless_told_otherwise(tmp_path: Path, with_lists: bool) -> None:
    async def script(stage: Stage) -> None:
        await changed(stage, "sample.count", "7")
        await changed(stage, "sample.own", "/mine")
        await changed(stage, "suite.journal_days", "9")
        arguments: dict[str, Any] = {"components": ["sample"], "with_lists": with_lists}
        preview = await stage.call("settings-restore-defaults", **arguments, preview=True)
        assert [row["setting"] for row in preview["differences"]] == ["sample.count", "sample.own"][: 1 + with_lists]
        assert (stage.sample.settings.count, preview["kept"]) == (7, [] if with_lists else ["sample.own"])
        await stage.call("settings-restore-defaults", **arguments)
        assert stage.sample.settings == SampleSettings(own=[] if with_lists else ["/mine"])
        assert (await stage.call("settings-get", name="suite.journal_days"))["value"] == 9
        await stage.call("settings-restore-defaults", components=[])
        assert (await stage.call("settings-get", name="suite.journal_days"))["value"] == 365
        with pytest.raises(NotFound):
            await stage.call("settings-restore-defaults", components=["no-such"])

    on_stage(tmp_path, script)


def test_differences_are_told_in_sentences() -> None:
    row = Difference(setting="sample.count", title="How many", old="3", new="7")
    told = Differences(done=True, what="x", differences=[row], kept=("sample.own",))
    assert [str(line) for line in told.sentences()] == [
        "Changed: 1 setting.",
        "  sample.count: 3 → 7",
        "Your own lists stay as they are: sample.own.",
        "To take it back: garrison settings undo",
    ]
    assert Differences(done=False, what="x", differences=[]).sentences() == [Text("Nothing changes.")]
