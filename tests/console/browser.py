"""A browser for tests: it sends exactly what it is told to, and remembers cookies."""

import http.client
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from garrison.base.paths import Home
from tests.daemon.live import call

PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    text: str
    cookies: list[str]

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass(slots=True)
class Browser:
    """One browser. port: of the console. cookie: what it was given."""

    home: Home
    port: int = 0
    cookie: str = ""
    csrf: str = ""
    sent: dict[str, str] = field(default_factory=dict)

    def link(self) -> str:
        """Return a fresh one-time link's path."""
        url = urlsplit(str(call(self.home, "console.open")["url"]))
        self.port = url.port or 0
        return f"{url.path}?{url.query}"

    def sign_in(self) -> "Browser":
        reply = self.get(self.link())
        assert reply.status == 303, reply.text
        self.cookie = reply.cookies[0].partition(";")[0]
        found = re.search(r'name="csrf" content="([0-9a-f]+)"', self.get("/").text)
        assert found is not None
        self.csrf = found[1]
        return self

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, None, headers)

    def post(self, path: str, fields: Any = (), csrf: str | None = None, **headers: str) -> Reply:
        """Send a form as a page of ours does."""
        pairs = [*(fields.items() if isinstance(fields, dict) else fields)]
        token = self.csrf if csrf is None else csrf
        body = urlencode([*pairs, *([("csrf", token)] if token else [])]).encode()
        own = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"http://127.0.0.1:{self.port}"}
        return self.send("POST", path, body, {**own, **headers})

    def send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookie:
            given.setdefault("Cookie", self.cookie)
        try:
            connection.request(method, path, body, given, encode_chunked=hasattr(body, "__next__"))
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            told = {name.lower(): value for name, value in answer.getheaders()}
            cookies = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
            return Reply(answer.status, told, text, cookies)
        finally:
            connection.close()

    def refusals(self) -> list[str]:
        """Return what the journal says was turned away, oldest first."""
        rows = call(self.home, "suite.journal", component="console", limit=1000)
        return [row["details"]["why"] for row in reversed(rows) if row["name"] == "ConsoleRefused"]


def unknown_ticket() -> str:
    return f"/open?ticket={secrets.token_urlsafe(16)}"
