"""Tasks under way: how far they are, and what came of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from garrison.base.errors import GarrisonError
from garrison.console import shapes
from garrison.console.door import Talk
from garrison.console.visit import Visit, local
from garrison.wire.talking import Answer

_LOOK_SECONDS = 0.4
_LISTED = 100  # findings that a scan says one by one
_LONGEST_SECONDS = 600.0  # a browser asks again by itself


async def jobs(visit: Visit) -> Response:
    """List the tasks under way and those that ended lately."""
    return await visit.page("jobs.html", jobs=(await visit.ask("suite.jobs")).result)


async def job(visit: Visit) -> Response:
    """Show one task."""
    answer = await visit.ask("suite.job-show", job=visit.number("job"))
    told = answer.result
    result = told["result"]
    lines = answer.says(visit.t) if told["state"] != "running" else []
    return await visit.page(
        "job.html",
        job=told,
        lines=_without_rows(lines, result),
        is_good=not told["exit"],
        findings=_of(result, "findings"),
        errors=_of(result, "errors")[:50],
        running_threats=_of(result, "running"),
        table=shapes.table(result if isinstance(result, list) else [], visit.t),
        next=local(visit.query("next") or "/"),
    )


def _without_rows(lines: list[str], result: Any) -> list[str]:
    """Return what a task said, less the lines that stand in a table below: a scan's begin with one for each finding."""
    is_plain = isinstance(result, dict) and not result.get("explained")
    listed = min(len(_of(result, "findings")), _LISTED) + min(len(_of(result, "running")), _LISTED) if is_plain else 0
    return lines[listed:] if listed < len(lines) else lines[-1:]


def _of(result: Any, name: str) -> list[Any]:
    found = result.get(name) if isinstance(result, dict) else None
    return found if isinstance(found, list) else []


async def events(visit: Visit) -> Response:
    """Send how far a task is, as it happens (server-sent events, HTML Living Standard 9.2)."""
    number = visit.number("job")
    await visit.ask("suite.job-show", job=number)  # says when there is none, or nobody is signed in

    async def stream() -> AsyncIterator[str]:
        async with visit.site.door.talk(visit.token) as talk:
            async for message in _followed(talk, number, visit):
                yield message

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"x-accel-buffering": "no"})


async def _followed(talk: Talk, number: int, visit: Visit) -> AsyncIterator[str]:
    told = ""
    for _ in range(round(_LONGEST_SECONDS / _LOOK_SECONDS)):
        try:
            answer: Answer = await talk.call("suite.job-show", job=number)
        except GarrisonError:
            return
        if answer.result["state"] != "running":
            yield "event: over\ndata: over\n\n"
            return
        part = visit.site.pages.render("job_part.html", visit.t, {"job": answer.result})
        if part != told:
            told = part
            lines = "".join(f"data: {line}\n" for line in part.splitlines())
            yield f"event: part\n{lines}\n"
        await asyncio.sleep(_LOOK_SECONDS)
