"""The reports' operations, asked as the door asks them."""

import json
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Invalid
from garrison.daemon.door import Call
from tests.daemon.parts import ANNA, BERND, ROOT
from tests.daemon.test_suite import Stage, on_stage
from tests.sdk.samples import ThingSeen


def fill(stage: Stage, rows: int = 6) -> None:
    for number in range(rows):
        stage.reporter.report("sample", ThingSeen(what=f"{number}", path=f"/srv/{number}"), 1001 + number % 2)


def test_people_see_rows_counts_and_exports_of_their_own_only(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        fill(stage)
        page = await stage.call("report-list", ANNA, group="component", text="")
        assert [row["details"]["what"] for row in page["rows"]] == ["4", "2", "0"]
        assert (page["total"], page["is_exact"], page["groups"]) == (3, True, [{"name": "sample", "count": 3}])
        part = await stage.call("report-part", BERND, format="json")
        assert [json.loads(line)["account"] for line in part["stream"].splitlines()] == [1002] * 3
        assert (await stage.call("report-list", ROOT))["total"] == 6
        for caller, found in ((ANNA, 3), (ROOT, 6)):
            assert len((await stage.call("report-list", caller, text="SRV"))["rows"]) == found

    on_stage(tmp_path, script)


def test_a_report_is_read_page_by_page_by_every_filter(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        fill(stage)
        asked: dict[str, Any] = {
            "event": ["ThingSeen"],
            "component": ["sample"],
            "days": 1,
            "sort": "oldest",
            "limit": 4,
        }
        first = await stage.call("report-list", **asked)
        rest = await stage.call("report-list", **asked, after=first["after"])
        assert [row["details"]["what"] for row in first["rows"] + rest["rows"]] == list("012345")
        assert (await stage.call("report-list", column=["path=/srv/3"]))["rows"][0]["details"]["what"] == "3"
        assert (await stage.call("report-list", until="2026-01-01"))["rows"] == []
        for wrong in ({"since": "x"}, {"after": "x"}, {"limit": 0}, {"column": ["x"]}, {"severity": ["x"]}):
            with pytest.raises(Invalid):
                await stage.call("report-list", **wrong)

    on_stage(tmp_path, script)


def test_an_export_goes_into_a_file_or_to_whoever_asks(tmp_path: Path) -> None:
    out = tmp_path / "out.cef"
    asked: dict[str, Any] = {"format": "cef", "event": ["ThingSeen"]}

    async def script(stage: Stage) -> None:
        fill(stage)
        answer = await stage.door.call(Call("suite.report-export", {"to": str(out), **asked}, ROOT))
        assert (answer.result["rows"], [str(line) for line in answer.says]) == (6, [f"6 rows were written to {out}."])
        shown = await stage.call("report-export", **asked)
        assert shown["stream"] == out.read_text("utf-8")
        assert (shown["next"], shown["operation"]) == ("", "suite.report-part")

    on_stage(tmp_path, script)


def test_a_chart_has_a_point_for_every_step(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        fill(stage)
        points = await stage.call("report-chart", days=3)
        assert len(points) == 4
        assert points[0].keys() == {"start", "threats", "scans", "blocked", "updates"}
        one = await stage.call("report-chart", kind="scans", days=1, step="hour")
        assert {(point["threats"], point["scans"]) for point in one} == {(None, 0)}
        with pytest.raises(Invalid):
            await stage.call("report-chart", days=3000, step="hour")

    on_stage(tmp_path, script)


def test_the_letters_mark_is_known_again_and_a_change_before_it_is_found(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        fill(stage)
        letter = await stage.call("weekly-letter")
        assert letter["text"].startswith("Your week with Garrison")
        assert letter["chain"] in letter["text"]
        event = (await stage.call("report-list", event=["LetterReady"]))["rows"][0]
        assert (event["details"]["mark"], event["details"]["row"]) == (letter["chain"], 6)
        proof = await stage.call("report-verify", head=letter["chain"])
        assert (proof["intact"], proof["known_head"], proof["rows"]) == (True, 6, proof["head"])
        assert (await stage.call("report-verify", head="ab" * 32))["known_head"] == 0
        with pytest.raises(Invalid):
            await stage.call("report-verify", head="no mark")
        stage.parts.store.connection.execute("UPDATE event SET says = 'x' WHERE id = 3")
        broken = await stage.call("report-verify")
        assert (broken["first_broken"], broken["problems"][0]["wrong"]) == (3, "changed")

    on_stage(tmp_path, script)


def test_a_letter_tells_an_account_of_its_own_week(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        fill(stage)
        assert "The journal has 3 rows." in (await stage.call("report-letter", ANNA))["text"]

    on_stage(tmp_path, script)


def test_all_issues_are_mended_after_a_preview(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await stage.call("stop", component="sample")
        before = await stage.call("fix", issue=[], all=True, preview=True)
        assert [(row["issue"], row["operation"], row["done"]) for row in before["rows"]] == [
            ("sample.off", "suite.start", None)
        ]
        done = await stage.call("fix", issue=[], all=True)
        assert [(row["issue"], row["done"]) for row in done["rows"]] == [("sample.off", True)]
        assert stage.sample.settings.enabled
        mistakes: list[dict[str, Any]] = [{"issue": []}, {"issue": "sample.off", "all": True}]
        for wrong in mistakes:
            with pytest.raises(Invalid):
                await stage.call("fix", **wrong)

    on_stage(tmp_path, script)
