"""The first page, and what is wrong."""

from typing import Any

from starlette.responses import Response

from garrison.console.visit import Visit

_WEEK_DAYS = 7
_SHOWN = 8
_GRAVE = ("critical", "important")
# What else of a week's events a person wants to be told of, besides all that is grave.
_GOOD_TO_KNOW = ("ScanFinished", "DatabasesUpdated", "SelfTestPassed")
_KINDS = ("threats", "blocked", "scans", "updates")


async def home(visit: Visit) -> Response:
    """Say in one sentence how things stand, and what happened this week."""
    rows, texts = await _told(visit)
    points = (await visit.ask("suite.report-chart", days=_WEEK_DAYS, step="day")).result
    jobs = (await visit.ask("suite.jobs")).result
    return await visit.page(
        "home.html",
        counts={kind: sum(point[kind] or 0 for point in points) for kind in _KINDS},
        events=rows,
        texts=texts,
        running=[job for job in jobs if job["state"] == "running"],
        titles={manifest.id: manifest.title for manifest in visit.manifests},
    )


async def _told(visit: Visit) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the newest of this week's events that are worth telling, and what their texts were made of."""
    found: dict[int, dict[str, Any]] = {}
    texts: dict[str, Any] = {}
    for narrowed in ({"severity": _GRAVE}, {"event": _GOOD_TO_KNOW}):
        page = await visit.ask("suite.report-list", days=_WEEK_DAYS, limit=_SHOWN, **narrowed)
        found |= {row["id"]: row for row in page.result["rows"]}
        texts |= page.texts
    return [found[number] for number in sorted(found, reverse=True)[:_SHOWN]], texts


async def issues(visit: Visit) -> Response:
    """Show what is wrong, and what was set aside."""
    return await visit.page("issues.html", titles={manifest.id: manifest.title for manifest in visit.manifests})
