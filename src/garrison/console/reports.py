"""The page of reports: what happened, how much of it there was over time, and handing it on."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response, StreamingResponse

from garrison.base.errors import NotFound
from garrison.console.visit import Visit
from garrison.wire.manifest import SUITE

_ROWS = 50
_MOST_TEXT = 200
_PERIODS = ("0", "1", "7", "31", "365")
_CHART_DAYS = 365  # of a report without a period
_STEPS = ((2, "hour"), (62, "day"), (400, "week"))
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/x-ndjson",
    "syslog": "text/plain; charset=utf-8",
    "cef": "text/plain; charset=utf-8",
    "html": "text/html; charset=utf-8",
}
_KINDS = ("threats", "blocked", "scans", "updates")
_WIDTH, _HEIGHT = 320, 72  # of a drawing, in units of its own
_GAP = 0.2  # of a bar's place


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, in the drawing's own units, with what it stands for."""

    x: float
    y: float
    width: float
    height: float
    start: str
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """How much there was of one kind."""

    kind: str
    total: int
    most: int
    bars: list[Bar]


def chart_of(kind: str, points: Sequence[Mapping[str, Any]]) -> Chart:
    """Return the drawing of one kind's points."""
    counts = [int(point[kind] or 0) for point in points]
    most = max(counts, default=0)
    place = _WIDTH / max(len(counts), 1)
    bars = [
        Bar(
            x=round((number + _GAP / 2) * place, 2),
            y=round(_HEIGHT * (1 - count / most), 2),
            width=round(place * (1 - _GAP), 2),
            height=round(_HEIGHT * count / most, 2),
            start=str(points[number]["start"]),
            count=count,
        )
        for number, count in enumerate(counts)
        if count
    ]
    return Chart(kind, sum(counts), most, bars)


async def reports(visit: Visit) -> Response:
    """Show what happened, as it is asked for."""
    asked, shape = _asked(visit), _shape(visit)
    after = visit.query("after")[:40]
    page = await visit.ask("suite.report-list", **asked, **shape, after=after, limit=_ROWS)
    days = int(asked["days"]) or _CHART_DAYS
    step = next((name for most, name in _STEPS if days <= most), "month")
    points = [] if after else (await visit.ask("suite.report-chart", days=days, step=step)).result
    found = page.result
    return await visit.page(
        "reports.html",
        report=found,
        texts=page.texts,
        asked={**asked, **shape},
        titles={manifest.id: manifest.title for manifest in visit.manifests},
        charts=[chart_of(kind, points) for kind in _KINDS] if points else [],
        points=points,
        kinds=_KINDS,
        address=_address({**asked, **shape}),
        older=_address({**asked, **shape, "after": found["after"]}) if found["after"] else "",
        exports=[(kind, "/reports/export" + _address({**asked, "format": kind})) for kind in _TYPES],
        suite=SUITE,
    )


def _asked(visit: Visit) -> dict[str, Any]:
    """Return what a report is narrowed down by."""
    severity, component = visit.query("severity"), visit.query("component")
    days = visit.query("days")
    return {
        "text": visit.query("text")[:_MOST_TEXT],
        "days": days if days in _PERIODS else "0",
        "severity": [severity] if severity in {"info", "important", "critical"} else [],
        "component": [component] if visit.manifest(component) is not None else [],
    }


def _shape(visit: Visit) -> dict[str, str]:
    """Return how its rows are put together."""
    group, sort = visit.query("group"), visit.query("sort")
    return {
        "group": group if group in {"component", "severity", "event", "day"} else "none",
        "sort": sort if sort in {"oldest", "severity", "component", "event"} else "newest",
    }


def _address(parts: Mapping[str, Any]) -> str:
    """Return the end of an address that asks for the same."""
    filled = {name: value for name, value in parts.items() if value not in ("", [], "0", "none", "newest")}
    return "?" + urlencode(filled, doseq=True, errors="surrogateescape")


async def export(visit: Visit) -> Response:
    """Hand a report on as a file, a part at a time."""
    kind = visit.query("format")
    if kind not in _TYPES:
        raise NotFound("There is no such page.")
    asked = {**_asked(visit), "format": kind}
    first = (await visit.ask("suite.report-part", **asked)).result  # says when nobody is signed in

    async def stream() -> AsyncIterator[bytes]:
        part = first
        yield _bytes(part)
        async with visit.site.door.talk(visit.token) as talk:
            while part["next"]:
                part = (await talk.call("suite.report-part", **asked, after=part["next"])).result
                yield _bytes(part)

    headers = {"content-disposition": f'attachment; filename="garrison-report.{_ending(kind)}"'}
    return StreamingResponse(stream(), media_type=_TYPES[kind], headers=headers)


def _ending(kind: str) -> str:
    return {"json": "jsonl", "syslog": "log"}.get(kind, kind)


def _bytes(part: Mapping[str, Any]) -> bytes:
    return str(part["stream"]).encode("utf-8", "surrogateescape")
