"""The application: which address is which page, and what every page asks for first."""

import contextlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from garrison.base.errors import GarrisonError, NotFound, PasswordNeeded, Refused
from garrison.console import acting, home, jobs, protection, reports, scanning, settings, simple
from garrison.console.door import SIGN_IN, Door, Talk
from garrison.console.guard import Guard, TooLong
from garrison.console.visit import COOKIE, Handler, Site, Typed, Visit, csrf_of, local, reader_of, render, typed_in
from garrison.look.assets import FOR_EVER, PREFIX, at
from garrison.look.pages import Pages

_Endpoint = Callable[[Request], Awaitable[Response]]
_YEAR_SECONDS = 365 * 24 * 3600
_LOOKED_AT: Mapping[str, Handler] = {
    "/": home.home,
    "/issues": home.issues,
    "/scan": scanning.scan,
    "/scan/past/{scan}": scanning.past,
    "/quarantine": scanning.quarantine,
    "/jobs": jobs.jobs,
    "/jobs/{job}": jobs.job,
    "/protection": protection.protection,
    "/protection/{component}": protection.component,
    "/databases": simple.databases,
    "/reports": reports.reports,
    "/reports/export": reports.export,
    "/inbox": simple.inbox,
    "/settings": settings.settings,
    "/settings/{component}": settings.component,
    "/about": simple.about,
    "/ask/{operation}": acting.ask,
}
_SENT: Mapping[str, Handler] = {
    "/do/{operation}": acting.do,
    "/unlock": acting.unlock,
    "/scan/findings": scanning.findings,
    "/settings/{component}": settings.change,
    "/settings/{component}/schedule": settings.schedule,
}


class Application:
    """The pages of one suite."""

    def __init__(self, door: Door) -> None:
        self._site = Site(door, Pages("garrison.console"))

    def routes(self) -> list[Route]:
        """Return the addresses."""
        looked_at = [Route(path, self._page(handler)) for path, handler in _LOOKED_AT.items()]
        sent = [Route(path, self._form(handler), methods=["POST"]) for path, handler in _SENT.items()]
        return [
            Route("/open", self._open),
            Route("/preferences", self._preferences, methods=["POST"]),
            Route("/sign-out", self._sign_out, methods=["POST"]),
            Route("/jobs/{job}/events", self._page(jobs.events)),
            Route(PREFIX + "{name}", _asset),
            *sent,
            *looked_at,
            Route("/{rest:path}", self._page(_nothing)),
        ]

    async def _open(self, request: Request) -> Response:
        """Take the one-time link: its ticket becomes a session, and leaves the address at once."""
        try:
            token = await self._site.door.redeem(request.query_params.get("ticket", ""))
        except GarrisonError as error:
            return self._outside(request, error)
        response = RedirectResponse(local(request.query_params.get("next", "/")), status_code=303)
        response.set_cookie(COOKIE, token, path="/", httponly=True, samesite="strict")
        return response

    def _page(self, handler: Handler) -> _Endpoint:
        async def page(request: Request) -> Response:
            return await self._visited(request, handler, {})

        return page

    def _form(self, handler: Handler) -> _Endpoint:
        async def form(request: Request) -> Response:
            typed = await self._typed(request)
            return typed if isinstance(typed, Response) else await self._visited(request, handler, typed)

        return form

    async def _typed(self, request: Request) -> Typed | Response:
        """Return what a form of ours sent, or the refusal where none of ours did."""
        try:
            typed = await typed_in(request)
        except TooLong:
            await self._site.door.refuse("size")
            return PlainTextResponse("This request was refused.\n", 413)
        except ValueError:
            await self._site.door.refuse("malformed")
            return PlainTextResponse("This request was refused.\n", 400)
        if not _has_token(request, typed):
            await self._site.door.refuse("csrf")
            return PlainTextResponse("This page is too old: load it again.\n", 403)
        return typed

    async def _visited(self, request: Request, handler: Handler, typed: Typed) -> Response:
        token = request.cookies.get(COOKIE, "")
        if not token:
            return self._outside(request, None)
        try:
            manifests = await self._site.door.manifests()
            async with self._site.door.talk(token) as talk:
                t, scheme = reader_of(request)
                visit = Visit(self._site, request, t, scheme, token, talk, manifests, typed)
                return await self._handled(visit, handler)
        except GarrisonError as error:
            return self._outside(request, error)

    async def _handled(self, visit: Visit, handler: Handler) -> Response:
        """Return a handler's page, or one that says what went wrong. Raises what keeps that one from being made."""
        try:
            if visit.first(acting.UNLOCK):
                await visit.ask("suite.unlock", password=visit.first(acting.UNLOCK))
        except GarrisonError as error:
            if error.fix == SIGN_IN:
                raise
            return await acting.password_page(visit, error)
        try:
            return await handler(visit)
        except PasswordNeeded as error:
            return await acting.password_page(visit, error)
        except GarrisonError as error:
            if error.fix == SIGN_IN:
                raise
            return await visit.page("problem.html", error.http_status, error=error)

    def _outside(self, request: Request, error: GarrisonError | None) -> Response:
        """Return the page for who is not signed in, or when the suite does not answer."""
        t, scheme = reader_of(request)
        nobody = Visit(self._site, request, t, scheme, "", Talk.__new__(Talk), ())
        is_signed_out = error is None or error.fix == SIGN_IN or isinstance(error, Refused)
        status = 401 if is_signed_out else (error.http_status if error else 401)
        response = render(nobody, "outside.html", status, {"error": error, "is_signed_out": is_signed_out})
        if is_signed_out and COOKIE in request.cookies:
            response.delete_cookie(COOKIE, path="/")
        return response

    async def _preferences(self, request: Request) -> Response:
        """Keep how somebody wants pages to be: in their browser, for a year."""
        typed = await self._typed(request)
        if isinstance(typed, Response):
            return typed
        response = RedirectResponse(local(typed.get("next", ["/"])[0]), status_code=303)
        for name in ("scheme", "language"):
            if typed.get(name):
                response.set_cookie(name, typed[name][0][:20], max_age=_YEAR_SECONDS, httponly=True, samesite="strict")
        return response

    async def _sign_out(self, request: Request) -> Response:
        typed = await self._typed(request)
        if isinstance(typed, Response):
            return typed
        with contextlib.suppress(GarrisonError):
            await self._site.door.sign_out(request.cookies[COOKIE])
        response = RedirectResponse("/", status_code=303)
        response.delete_cookie(COOKIE, path="/")
        return response


def _has_token(request: Request, typed: Typed) -> bool:
    token = request.cookies.get(COOKIE, "")
    given = typed.get("csrf", [""])[0].encode("utf-8", "surrogateescape")
    return bool(token) and hmac.compare_digest(given, csrf_of(token).encode())


async def _nothing(_: Visit) -> Response:
    raise NotFound("There is no such page.")


async def _asset(request: Request) -> Response:
    asset = at(request.url.path)
    if asset is None:
        return PlainTextResponse("There is no such file.\n", 404)
    is_packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if is_packed:
        headers["content-encoding"] = "gzip"
    return Response(asset.packed if is_packed else asset.content, media_type=asset.type, headers=headers)


def make(door_path: Path, port: int) -> Guard:
    """Return the application with its guard around it. port: where it will be asked."""
    door = Door(door_path)
    inner = Starlette(routes=Application(door).routes())
    return Guard(GZipMiddleware(inner, minimum_size=1000), door, port)
