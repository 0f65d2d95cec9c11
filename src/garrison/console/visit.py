"""One request of somebody who is signed in: who they are, their language, the door, and the page they get."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from garrison.base.languages import (
    LANGUAGES,
    PSEUDO,
    Translator,
    available,
    is_pseudo_allowed,
    preferred,
    translator,
)
from garrison.console.door import Door, Talk
from garrison.console.shapes import only_shows
from garrison.look.pages import Pages
from garrison.wire.manifest import SUITE, Manifest, Operation
from garrison.wire.talking import Answer

COOKIE = "garrison-console"
SCHEMES = ("auto", "light", "dark")
_MOST_FIELDS = 2000
_MOST_WAITING = 200  # sessions with something left to be told


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told on the next page. kind: green, yellow or red."""

    lines: tuple[str, ...]
    kind: str = "green"


@dataclass(slots=True)
class Site:
    """What all requests share."""

    door: Door
    pages: Pages
    told: dict[str, list[Told]] = field(default_factory=dict)

    def tell(self, token: str, told: Told) -> None:
        """Keep something to be told on the next page of a session."""
        while len(self.told) >= _MOST_WAITING:
            self.told.pop(next(iter(self.told)))
        self.told.setdefault(token, []).append(told)


Typed = dict[str, list[str]]


@dataclass(slots=True)
class Visit:
    """A request. typed: what a form sent. token: "" while nobody is signed in."""

    site: Site
    request: Request
    t: Translator
    scheme: str
    token: str
    talk: Talk
    manifests: tuple[Manifest, ...]
    typed: Typed = field(default_factory=dict)

    @property
    def here(self) -> str:
        """Return where this page is, for coming back to it."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def query(self, name: str) -> str:
        """Return a part of the address."""
        return self.request.query_params.get(name, "")

    def number(self, name: str) -> int:
        """Return a number in the path; 0 for what is none."""
        text = str(self.request.path_params.get(name, ""))
        return int(text) if text.isdecimal() and len(text) < 16 else 0

    def first(self, name: str) -> str:
        """Return what a form sent in a field; "" when nothing."""
        return self.typed.get(name, [""])[0]

    async def ask(self, operation: str, **arguments: Any) -> Answer:
        """Ask the door for an operation. Raises the error that it answers."""
        return await self.talk.call(operation, **arguments)

    def manifest(self, component: str) -> Manifest | None:
        """Return a component's description."""
        return next((manifest for manifest in self.manifests if manifest.id == component), None)

    def components(self) -> list[Manifest]:
        """Return all components' descriptions, without the suite's own."""
        return [manifest for manifest in self.manifests if manifest.id != SUITE]

    def operation(self, name: str) -> Operation | None:
        """Return an operation's description by its full name."""
        manifest = self.manifest(name.partition(".")[0])
        return manifest.operation(name.partition(".")[2]) if manifest is not None else None

    async def page(self, name: str, status: int = 200, **values: Any) -> Response:
        """Return a page with the menu around it."""
        state = await self.ask("suite.status")
        common = {
            "state": state.result,
            "state_texts": state.texts,
            "messages": self.site.told.pop(self.token, []),
            "only_shows": only_shows,
            "languages": [LANGUAGES[code] for code in available()],
            "has": {manifest.id for manifest in self.manifests},
        }
        return render(self, name, status, {**common, **values})

    def back(self, to: str, *lines: str, kind: str = "green") -> Response:
        """Return the way to another page, which begins with some lines."""
        if lines:
            self.site.tell(self.token, Told(lines, kind))
        return RedirectResponse(local(to), status_code=303)


Handler = Callable[[Visit], Awaitable[Response]]


def render(visit: Visit, name: str, status: int, values: Mapping[str, Any]) -> Response:
    """Return a page."""
    common = {
        "csrf": csrf_of(visit.token) if visit.token else "",
        "here": visit.here,
        "path": visit.request.url.path,
        "scheme": visit.scheme,
    }
    text = visit.site.pages.render(name, visit.t, {**common, **values})
    # Names of files may be any bytes (PEP 383): where one was not made printable, a page shows it as an escape.
    return HTMLResponse(text.encode("utf-8", "backslashreplace"), status_code=status)


def csrf_of(token: str) -> str:
    """Return what a form of a session must carry: nobody can make it who does not have the session's token."""
    return hmac.new(token.encode(), b"a form of the console", hashlib.sha256).hexdigest()


def local(untrusted_address: str) -> str:
    """Return an address on this console; its beginning for any other."""
    is_plain = untrusted_address.isascii() and untrusted_address.isprintable() and "\\" not in untrusted_address
    return untrusted_address if is_plain and untrusted_address[:1] == "/" and untrusted_address[:2] != "//" else "/"


def reader_of(request: Request) -> tuple[Translator, str]:
    """Return whoever reads a page: their language, and whether they want it light, dark or as their system has it."""
    there = available()
    wanted = request.query_params.get("lang") or request.cookies.get("language", "")
    is_known = wanted in there or (wanted == PSEUDO and is_pseudo_allowed())
    code = wanted if is_known else preferred(request.headers.get("accept-language", ""), there)
    scheme = request.cookies.get("scheme", "")
    return translator(code), scheme if scheme in SCHEMES else SCHEMES[0]


async def typed_in(request: Request) -> Typed:
    """Return what a form sent. Raises ValueError for what no form sends."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/x-www-form-urlencoded":
        raise ValueError("no form")
    body = (await request.body()).decode("utf-8", "strict")
    # Names of files may be any bytes; pages show them as escapes and carry them as what UTF-8 keeps of them.
    return parse_qs(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="surrogateescape")
