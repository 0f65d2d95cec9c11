"""The first page, and what is wrong."""

from collections import Counter
from typing import Any

from starlette.responses import Response

from garrison.console.visit import Visit

_WEEK_DAYS = 7
_ROWS = 400
_SHOWN = 8
# What of a week's events a person wants to be told of, besides all that is important.
_GOOD_TO_KNOW = {"ScanFinished", "DatabasesUpdated", "SelfTestPassed"}
_COUNTED = {
    "ThreatFound": "threats",
    "RunningThreatFound": "threats",
    "ScanFinished": "scans",
    "DatabasesUpdated": "updates",
}


async def home(visit: Visit) -> Response:
    """Say in one sentence how things stand, and what happened this week."""
    journal = await visit.ask("suite.journal", days=_WEEK_DAYS, limit=_ROWS)
    rows: list[dict[str, Any]] = journal.result
    counts = Counter(_COUNTED[row["name"]] for row in rows if row["name"] in _COUNTED)
    told = [row for row in rows if row["severity"] != "info" or row["name"] in _GOOD_TO_KNOW][:_SHOWN]
    jobs = (await visit.ask("suite.jobs")).result
    running = [job for job in jobs if job["state"] == "running"]
    return await visit.page(
        "home.html",
        counts={name: counts.get(name, 0) for name in ("threats", "scans", "updates")},
        is_cut=len(rows) == _ROWS,
        events=told,
        texts=journal.texts,
        running=running,
        titles={manifest.id: manifest.title for manifest in visit.manifests},
    )


async def issues(visit: Visit) -> Response:
    """Show what is wrong, and what was set aside."""
    return await visit.page("issues.html", titles={manifest.id: manifest.title for manifest in visit.manifests})
