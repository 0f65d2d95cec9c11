"""Settings: forms grown from the manifests; a change is all or nothing, and every mistake is named."""

import re

from starlette.responses import Response

from garrison.base.errors import Invalid, Refused
from garrison.console import acting, forms
from garrison.console.protection import current, described, grown
from garrison.console.visit import Visit
from garrison.wire.manifest import SUITE

# What the suite can be asked for on other pages, or by programs only; all else stands on this one.
_ELSEWHERE = re.compile(
    r"status|fix|issue-.*|settings-(list|get|set|change|reset)|journal.*|report-.*|weekly-letter|jobs?|job-.*|schedule.*|"
    r"inbox.*|consents?|consent-.*|pause|resume|unlock|lock|stay|start|stop|restart|first-scan|allow-removal"
)
_OF_SETTINGS, _OF_PASSWORD = r"settings-(?!list|get|set$|change|reset)", r"password-"
_GROUPS = (
    ("All settings at once", re.compile(rf"{_OF_SETTINGS}.*"), _ELSEWHERE),
    ("Password", re.compile(rf"{_OF_PASSWORD}.*"), _ELSEWHERE),
    ("Garrison itself", re.compile(rf"(?!{_OF_SETTINGS}|{_OF_PASSWORD}).*"), _ELSEWHERE),
)


async def settings(visit: Visit) -> Response:
    """List what can be set: each component, the schedule, what was agreed to."""
    schedule = (await visit.ask("suite.schedule")).result
    titles = {operation.id: operation.title for manifest in visit.manifests for operation in manifest.operations}
    return await visit.page(
        "settings.html",
        manifests=[manifest for manifest in visit.manifests if manifest.settings],
        schedule=schedule,
        titles=titles,
        consents=(await visit.ask("suite.consents")).result,
        groups=[(visit.t.text(title), grown(visit, SUITE, only, without)) for title, only, without in _GROUPS],
        tasks=[each for manifest in visit.manifests for each in manifest.operations if each.is_task],
    )


async def component(visit: Visit) -> Response:
    """Show the settings of a component."""
    manifest = described(visit)
    values = await current(visit, manifest.id)
    if values is None:
        raise Refused("How Garrison is set is shown to its owner only.")
    fields = forms.fields(manifest.settings, visit.t, "s", values)
    return await visit.page("settings_component.html", manifest=manifest, fields=fields, error=None)


async def change(visit: Visit) -> Response:
    """Change what a form of settings changes; nothing when any of it is wrong."""
    manifest = described(visit)
    values = await current(visit, manifest.id) or {}
    changed = forms.changes(manifest.settings, visit.typed, values)
    to = visit.first("next") or f"/settings/{manifest.id}"
    if not changed:
        return visit.back(to, visit.t.text("Nothing was changed."), kind="yellow")
    if changed.get("enabled") is False and manifest.id != SUITE and not visit.first("sure"):
        return await acting.sure(visit, visit.operation("suite.stop"), to)
    operation = visit.operation("suite.settings-change")
    assert operation is not None
    try:
        answer = await acting.asked(visit, operation, {"component": manifest.id, "values": _told(changed)})
    except Invalid as error:
        wrong = forms.mistakes(error.text, manifest.settings, visit.t)
        fields = forms.fields(manifest.settings, visit.t, "s", {**values, **changed}, wrong)
        problem = None if wrong else error
        return await visit.page("settings_component.html", 400, manifest=manifest, fields=fields, error=problem)
    return visit.back(to, *answer.says(visit.t))


def _told(changed: dict[str, object]) -> list[str]:
    """Return changes as the operation takes them: NAME=VALUE, a list once for each of its entries."""
    told: list[str] = []
    for name, value in changed.items():
        if isinstance(value, list):
            told += [f"{name}={entry}" for entry in value] or [name]
        else:
            told.append(f"{name}={str(value).lower() if isinstance(value, bool) else value}")
    return told


async def schedule(visit: Visit) -> Response:
    """Say when a task runs by itself."""
    operation = visit.operation("suite.schedule-set")
    assert operation is not None
    arguments = {"operation": visit.first("operation"), "when": visit.first("when").strip()}
    try:
        answer = await acting.asked(visit, operation, arguments)
    except Invalid as error:
        return visit.back("/settings", visit.t.message(error.text), visit.t.message(error.hint), kind="red")
    return visit.back("/settings", *answer.says(visit.t))
