"""Asking for operations: by a button or a form, with a question first where that is due."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from garrison.base.errors import GarrisonError, Invalid, NotFound
from garrison.console import forms, shapes
from garrison.console.shapes import only_shows
from garrison.console.visit import Visit, local
from garrison.wire.manifest import Operation
from garrison.wire.talking import Answer

UNLOCK = "unlock-password"  # the field that a password is typed into
_KEPT = ("next", "sure")  # what is sent again besides the arguments, once the password was told
_OWN = {"csrf", "ask", *_KEPT, UNLOCK}  # fields that are no arguments


async def do(visit: Visit) -> Response:
    """Ask for an operation, and go on to where the form says."""
    operation = _operation(visit)
    next_page = visit.first("next") or "/"
    is_preview = "true" in visit.typed.get(forms.PREVIEW, [])
    is_asked_first = bool(visit.first("ask")) or (operation.access == "weaken" and not is_preview)
    if is_asked_first and not visit.first("sure"):
        return await sure(visit, operation, next_page)
    try:
        answer = await asked(visit, operation, forms.arguments(operation.parameters, visit.typed))
    except Invalid as error:
        return await _form(visit, operation, error)
    if operation.is_task:
        return visit.back(f"/jobs/{answer.result['job']}?{urlencode({'next': local(next_page)})}")
    if not answer.sentences and answer.result not in (None, [], {}):
        return await _result(visit, operation, answer)
    return visit.back(
        next_page, *(answer.says(visit.t) or [visit.t.text("Done.")]), kind="red" if answer.exit else "green"
    )


async def sure(visit: Visit, operation: Operation | None, next_page: str) -> Response:
    """Return the page that asks whether something is really to be done, and then does it."""
    titles = {manifest.id: visit.t.text(manifest.title) for manifest in visit.manifests}
    given = [
        (value.title, titles.get(text, text))
        for value in (operation.parameters if operation is not None else ())
        for text in visit.typed.get(value.name, [])
        if text and value.kind not in {"secret", "flag"}
    ]
    return await visit.page(
        "sure.html",
        given=given,
        operation=operation,
        fields=carried(visit.typed),
        action=visit.request.url.path,
        next=local(next_page),
    )


async def asked(visit: Visit, operation: Operation, arguments: Mapping[str, Any]) -> Answer:
    """Return the answer to an operation; a task goes on in the background."""
    if operation.is_task:
        return await visit.talk.call(operation.id, background=True, **arguments)
    return await visit.ask(operation.id, **arguments)


async def password_page(visit: Visit, error: GarrisonError) -> Response:
    """Return the page that asks for the password, and then does what was to be done."""
    is_form = visit.request.method == "POST"
    return await visit.page(
        "password.html",
        401,
        fields=carried(visit.typed) + [(name, value) for name in _KEPT for value in visit.typed.get(name, [])]
        if is_form
        else [("next", visit.here)],
        action=visit.request.url.path if is_form else "/unlock",
        error=error if visit.first(UNLOCK) else None,
        unlock=UNLOCK,
    )


async def unlock(visit: Visit) -> Response:
    """Go on to the page that the password was asked for."""
    return visit.back(visit.first("next"))


async def ask(visit: Visit) -> Response:
    """Show what an operation answers that changes nothing."""
    operation = _operation(visit)
    if not only_shows(operation):
        return await visit.page("operation.html", operation=operation, fields=_fields(visit, operation, {}), error=None)
    typed = {name: visit.request.query_params.getlist(name) for name in visit.request.query_params}
    given = forms.arguments(operation.parameters, typed)
    if any(value.required and value.name not in given for value in operation.parameters):
        return await visit.page("operation.html", operation=operation, fields=_fields(visit, operation, {}), error=None)
    return await _result(visit, operation, await visit.ask(operation.id, **given))


def _operation(visit: Visit) -> Operation:
    name = str(visit.request.path_params["operation"])
    operation = visit.operation(name)
    if operation is None:
        raise NotFound("There is no such operation.")
    return operation


def _fields(visit: Visit, operation: Operation, mistakes: Mapping[str, str]) -> list[forms.Field]:
    typed = {
        value.name: forms.plain(value, visit.typed[value.name])
        for value in operation.parameters
        if value.name in visit.typed
    }
    return forms.fields(operation.parameters, visit.t, "f", typed, mistakes)


async def _form(visit: Visit, operation: Operation, error: Invalid) -> Response:
    """Return the form again, with what was wrong in it."""
    mistakes = forms.mistakes(error.text, operation.parameters, visit.t)
    fields = _fields(visit, operation, mistakes)
    return await visit.page(
        "operation.html", 400, operation=operation, fields=fields, error=None if mistakes else error
    )


async def _result(visit: Visit, operation: Operation, answer: Answer) -> Response:
    """Return the page of what an operation gave back."""
    result = answer.result
    rows = result if isinstance(result, list) else []
    return await visit.page(
        "result.html",
        operation=operation,
        lines=answer.says(visit.t),
        table=shapes.table(rows, visit.t, visit.query("sort"), visit.query("page")),
        facts=shapes.facts(result, visit.t) if isinstance(result, dict) and not answer.sentences else [],
        address=_address(visit),
    )


def _address(visit: Visit) -> str:
    """Return the address of this page, for more to be added to what it asks."""
    kept = [(name, value) for name, value in visit.request.query_params.multi_items() if name not in {"sort", "page"}]
    return f"?{urlencode(kept)}&" if kept else "?"


def carried(typed: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return what a form sent, to be sent again."""
    return [(name, value) for name, values in typed.items() if name not in _OWN for value in values]
