"""The components: on or off, what they did, their proof, what they can be asked, and how they are set."""

import re
from typing import Any

from starlette.responses import Response

from garrison.base.errors import GarrisonError, NotFound, Refused
from garrison.console import forms, shapes
from garrison.console.visit import Visit
from garrison.wire.manifest import SUITE, Manifest, Operation

_LATELY = 12
_ALL, _NONE = re.compile(r".*"), re.compile(r"(?!)")
_PAUSING = re.compile(r"pause|resume")


async def protection(visit: Visit) -> Response:
    """List all components."""
    helps = {manifest.id: manifest.help for manifest in visit.components()}
    return await visit.page("protection.html", helps=helps, pausing=grown(visit, SUITE, only=_PAUSING))


def grown(
    visit: Visit, component: str, only: re.Pattern[str] = _ALL, without: re.Pattern[str] = _NONE
) -> list[tuple[Operation, list[forms.Field]]]:
    """Return a component's operations with the fields of their forms."""
    manifest = visit.manifest(component)
    return [
        (each, forms.fields(each.parameters, visit.t, each.name))
        for each in (manifest.operations if manifest is not None else ())
        if only.fullmatch(each.name) and not without.fullmatch(each.name)
    ]


def described(visit: Visit) -> Manifest:
    """Return the component that the address names. Raises NotFound."""
    found = visit.manifest(str(visit.request.path_params["component"]))
    if found is None:
        raise NotFound("There is no such component.")
    return found


async def current(visit: Visit, component: str) -> dict[str, Any] | None:
    """Return a component's settings by name; None for whoever may not see them."""
    try:
        rows = (await visit.ask("suite.settings-list", component=component)).result
    except Refused as error:
        if error.fix:
            raise
        return None
    return {row["name"].partition(".")[2]: row["value"] for row in rows}


async def component(visit: Visit) -> Response:
    """Show all of one component, grown from its description."""
    manifest = described(visit)
    if manifest.id == SUITE:
        return visit.back("/settings")
    values = await current(visit, manifest.id)
    shown = await _shown(visit, manifest)
    journal = await visit.ask("suite.journal", component=manifest.id, limit=_LATELY)
    return await visit.page(
        "component.html",
        manifest=manifest,
        fields=None if values is None else forms.fields(_without_switch(manifest), visit.t, "s", values),
        operations=grown(visit, manifest.id),
        shown=shown,
        events=journal.result,
        texts=journal.texts,
    )


def _without_switch(manifest: Manifest) -> list[Any]:
    return [value for value in manifest.settings if value.name != "enabled"]


async def _shown(visit: Visit, manifest: Manifest) -> tuple[Operation, shapes.Table, list[str]] | None:
    """Return what the component shows when it is asked for nothing in particular: the operation, rows, sentences."""
    operation = manifest.operation(manifest.default) if manifest.default else None
    if operation is None or not shapes.only_shows(operation):
        return None
    try:
        answer = await visit.ask(operation.id)
    except GarrisonError as error:
        if error.fix == "console.open":
            raise
        return None
    rows = answer.result if isinstance(answer.result, list) else []
    return operation, shapes.table(rows, visit.t, visit.query("sort"), visit.query("page")), answer.says(visit.t)
