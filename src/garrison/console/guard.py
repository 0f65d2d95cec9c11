"""Turns away what no page of ours asks for, before anything else looks at it, and has it written down."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from garrison.console.door import Door
from garrison.look.policy import HEADERS

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_App = Callable[[_Scope, _Receive, _Send], Awaitable[None]]
MOST_BYTES = 1024 * 1024  # of what a form sends
_METHODS = {"GET", "HEAD", "POST"}


class TooLong(ValueError):
    """What is being sent is longer than any form of ours."""


class Guard:
    """Wraps the application. port: where it listens; by that and two names only it may be asked."""

    def __init__(self, app: _App, door: Door, port: int) -> None:
        self._app = app
        self._door = door
        self._names = {f"127.0.0.1:{port}", f"localhost:{port}"}

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Let a request through, or answer it here."""
        if scope["type"] != "http":
            return
        headers = _headers(scope)
        refusal = self._refusal(scope["method"], headers)
        if refusal is not None:
            what, detail, status = refusal
            await self._turn_away(send, what, detail, status)
            return
        await self._app(scope, _counted(receive), _with_headers(send))

    def _refusal(self, method: str, headers: dict[str, list[str]]) -> tuple[str, str, int] | None:
        """Return what is wrong: the kind, what was seen, and the status; None when nothing is."""
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self._names:
            return "host", ", ".join(hosts), 421
        if method not in _METHODS:
            return "malformed", "", 405
        own = f"http://{hosts[0].lower()}"
        for origin in headers.get("origin", []):
            if origin.lower() != own:
                return "origin", origin, 403
        # Fetch Metadata: a browser says whose page asks, also where it sends no Origin.
        site = headers.get("sec-fetch-site", ["same-origin"])[0]
        if site not in {"same-origin", "none"} and (method == "POST" or not _is_navigation(headers)):
            return "origin", site, 403
        length = headers.get("content-length", ["0"])[0]
        if not length.isdecimal():
            return "malformed", "", 400
        return ("size", "", 413) if int(length) > MOST_BYTES else None

    async def _turn_away(self, send: _Send, what: str, detail: str, status: int) -> None:
        await self._door.refuse(what, detail)
        text = b"This request was refused.\n"
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(text)).encode())]
        headers += [(name.encode(), value.encode()) for name, value in HEADERS.items()]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": text})


def _headers(scope: _Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _is_navigation(headers: dict[str, list[str]]) -> bool:
    """Return whether a person follows a link: no use to whoever set it, and no cookie goes along."""
    return headers.get("sec-fetch-mode") == ["navigate"] and headers.get("sec-fetch-dest") == ["document"]


def _counted(receive: _Receive) -> _Receive:
    """Return the way to the body. It raises TooLong where that becomes longer than any form of ours."""
    taken = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > MOST_BYTES:
            raise TooLong
        return message

    return counted


def _with_headers(send: _Send) -> _Send:
    """Return the way back, with what every answer tells the browser."""

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            own = [*HEADERS.items(), ("cache-control", "no-store")]
            more = [(name.encode(), value.encode()) for name, value in own if name.encode() not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return sending
