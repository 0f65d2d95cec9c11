"""The page of reports: its choices, its drawings, and what it hands on."""

import csv
import io

import pytest

from garrison.console.reports import chart_of
from tests.console.browser import Browser
from tests.daemon.live import Live, call


def test_a_chart_is_drawn_to_scale() -> None:
    points = [{"start": f"2026-01-0{day}", "threats": count} for day, count in ((1, 0), (2, 5), (3, 10))]
    chart = chart_of("threats", points)
    assert (chart.total, chart.most, [bar.height for bar in chart.bars]) == (15, 10, [36.0, 72.0])
    assert all(bar.x >= 0 and bar.x + bar.width <= 320 and bar.y + bar.height == 72 for bar in chart.bars)
    assert chart_of("threats", []).bars == []


@pytest.mark.parametrize(
    "query",
    [
        "text=asked&severity=info&days=7&component=suite&group=day&sort=oldest",
        "group=component",
        "group=severity&sort=severity",
        "group=event&after=0.99999",
        "text=%ff%00&days=x&severity=x&component=x&group=x&sort=x",
    ],
)
def test_every_choice_is_shown(suite: Live, signed_in: Browser, query: str) -> None:
    call(suite.home, "suite.restart", component="self-test")
    reply = signed_in.get(f"/reports?{query}")
    assert reply.status == 200, reply.text
    assert "Over time" in reply.text or "after" in query
    assert signed_in.get("/reports?after=nowhere").status == 400


def test_a_page_leads_to_the_next(suite: Live, signed_in: Browser) -> None:
    for _ in range(30):
        call(suite.home, "suite.settings-set", name="suite.journal_days", values=["364"])
        call(suite.home, "suite.settings-set", name="suite.journal_days", values=["365"])
    first = signed_in.get("/reports?component=suite").text
    older = first.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert older.startswith("?component=suite&after=0.")
    assert signed_in.get(f"/reports{older}").status == 200


@pytest.mark.parametrize("kind", ["csv", "json", "syslog", "cef", "html"])
def test_a_report_is_handed_on_as_a_file(signed_in: Browser, kind: str) -> None:
    reply = signed_in.get(f"/reports/export?format={kind}&component=suite")
    assert reply.status == 200
    assert reply.headers["content-disposition"].startswith("attachment")
    assert "SettingChanged" in reply.text or "was changed from" in reply.text
    if kind == "csv":
        rows = list(csv.DictReader(io.StringIO(reply.text)))
        assert {row["component"] for row in rows} == {"suite"}


def test_no_other_format_is_known(signed_in: Browser) -> None:
    assert signed_in.get("/reports/export?format=exe").status == 404
    assert signed_in.get("/reports/export").status == 404


def test_the_journal_is_verified_from_the_page(signed_in: Browser) -> None:
    assert signed_in.post("/do/suite.report-verify", next="/reports").status == 303
    assert "The journal is intact" in signed_in.get("/reports").text


def test_the_weekly_letter_is_shown(signed_in: Browser) -> None:
    assert "What needs you" in signed_in.get("/ask/suite.report-letter").text
