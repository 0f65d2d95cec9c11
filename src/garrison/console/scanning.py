"""Scans, what they found, and the quarantine."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from garrison.base.errors import Failed, GarrisonError, Invalid, NotFound, PasswordNeeded
from garrison.console import forms
from garrison.console.acting import carried
from garrison.console.visit import Visit, local
from garrison.look.pages import unquoted
from garrison.wire.manifest import Manifest, Operation

_NOT_BY_HAND = {"resolve", "resume", "go-on"}  # tasks that another part of the page offers
_PAST = 20
_MOST_FAILURES = 5


def _scan(visit: Visit) -> Manifest:
    found = visit.manifest("scan")
    if found is None:
        raise NotFound("There is no scan here.")
    return found


async def scan(visit: Visit) -> Response:
    """Offer all kinds of scans, and show those under way, those before, and what was left in place."""
    manifest = _scan(visit)
    tasks = [task for task in manifest.operations if task.is_task and task.name not in _NOT_BY_HAND]
    files = next(task for task in tasks if task.name == "files")
    jobs = (await visit.ask("suite.jobs")).result
    return await visit.page(
        "scan.html",
        files=files,
        fields={task.id: _short_first(task, visit) for task in tasks},
        tasks=[task for task in tasks if task is not files],
        running=[job for job in jobs if job["state"] == "running" and job["operation"].startswith("scan.")],
        paused=[row for row in (await visit.ask("scan.paused")).result if row["state"] != "running"],
        left=(await visit.ask("scan.left")).result,
        past=(await visit.ask("scan.results")).result[:_PAST],
    )


def _short_first(task: Operation, visit: Visit) -> list[forms.Field]:
    return forms.fields(task.parameters, visit.t, task.name)


async def past(visit: Visit) -> Response:
    """Show what a past scan found."""
    answer = await visit.ask("scan.show", scan=visit.number("scan"))
    result = answer.result
    return await visit.page(
        "scan_past.html", lines=answer.says(visit.t), findings=result["findings"], errors=result["errors"]
    )


async def quarantine(visit: Visit) -> Response:
    """Show what is in quarantine."""
    return await visit.page(
        "quarantine.html",
        rows=(await visit.ask("quarantine.list")).result,
        excluded=(await visit.ask("exclusions.list")).result,
    )


async def findings(visit: Visit) -> Response:
    """Do something about all findings that were picked; one that fails holds up no other."""
    deed, picked = visit.first("deed"), visit.typed.get("pick", [])
    work = _DEEDS.get(deed)
    if work is None or not picked:
        return visit.back(visit.first("next"), visit.t.text("Nothing was chosen."), kind="yellow")
    if deed == "delete" and not visit.first("sure"):
        return await visit.page(
            "sure_delete.html",
            picked=picked,
            fields=carried(visit.typed),
            action=visit.request.url.path,
            next=local(visit.first("next")),
        )
    done, failures = 0, []
    for name in dict.fromkeys(picked):
        try:
            await work(visit, unquoted(name))
            done += 1
        except PasswordNeeded:
            raise
        except GarrisonError as error:
            failures.append(visit.t.message(error.text))
    return visit.back(visit.first("next"), *_told(visit, done, failures), kind="red" if failures else "green")


def _told(visit: Visit, done: int, failures: Sequence[str]) -> list[str]:
    said = [visit.t.plural("Done for {count} file.", "Done for {count} files.", done)] if done else []
    return [*said, *dict.fromkeys(failures[:_MOST_FAILURES])]


async def _resolved(visit: Visit, path: str, action: str) -> None:
    """Act on a threat that was left in place. Raises Failed when that did not work."""
    result = (await visit.ask("scan.resolve", path=[path], action=action)).result
    if result["failed"]:
        raise Failed(result["failed"][0])


async def _into_quarantine(visit: Visit, path: str) -> None:
    await _resolved(visit, path, "quarantine")


async def _cure(visit: Visit, path: str) -> None:
    await _resolved(visit, path, "cure")


async def _false_alarm_in_place(visit: Visit, path: str) -> None:
    """Have a file that was left in place taken for harmless: its very content is left out from now on.

    It goes through quarantine and back, so that it is the one that was found, and a report is kept.
    """
    await _resolved(visit, path, "quarantine")
    rows: list[dict[str, Any]] = (await visit.ask("quarantine.list")).result
    found = [row for row in rows if row["path"] == path]
    if not found:
        raise Invalid("{path} is not among what was found.", path=path)
    await visit.ask("quarantine.false-alarm", id=max(found, key=lambda row: str(row["at"]))["id"])


async def _restore(visit: Visit, name: str) -> None:
    await visit.ask("quarantine.restore", id=name)


async def _delete(visit: Visit, name: str) -> None:
    await visit.ask("quarantine.delete", id=name)


async def _false_alarm(visit: Visit, name: str) -> None:
    await visit.ask("quarantine.false-alarm", id=name)


_DEEDS = {
    "quarantine": _into_quarantine,
    "cure": _cure,
    "false-alarm-in-place": _false_alarm_in_place,
    "restore": _restore,
    "delete": _delete,
    "false-alarm": _false_alarm,
}
