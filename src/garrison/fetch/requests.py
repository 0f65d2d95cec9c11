"""One request, with its redirects: what is sent, what may follow, and every failure as a sentence."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import urllib3
from urllib3 import exceptions as broken

from garrison.base.errors import Invalid
from garrison.fetch.connections import Meter, NotThere, make_pools
from garrison.fetch.pace import OutOfTime, Pace
from garrison.fetch.trouble import Trouble
from garrison.wire.addresses import Address, is_own_network, parse_address
from garrison.wire.fetching import Asking, Line, Message, RequestMade

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_PORTS = {"http": 80, "https": 443}
_PIECE_BYTES = 128 * 1024
_SILENCE_SECONDS = 30.0
_MOST_WAIT_SECONDS = 120.0


class Answer:
    """What a server answers: the status, and the content in pieces."""

    def __init__(self, response: BaseHTTPResponse, host: str, pace: Pace) -> None:
        self._response = response
        self._host = host
        self._pace = pace
        self.status = response.status
        self.headers = response.headers

    def pieces(self) -> Iterator[bytes]:
        """Yield the content as it comes, at the pace of the line. Raises Trouble."""
        while piece := self._piece():
            self._pace.passed(len(piece))
            yield piece

    def _piece(self) -> bytes:
        try:
            return self._response.read1(self._pace.piece(_PIECE_BYTES), decode_content=False)
        except (broken.HTTPError, HTTPException, OSError) as error:
            raise trouble_of(error, self._host) from error


class Requester:
    """Makes requests over one line. tell: takes what is to be known of each."""

    def __init__(self, line: Line, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._meter = Meter()
        self.pace = Pace(line.bytes_per_second)
        self._direct = make_pools(self._meter, None, is_guarded=False)
        self._given = make_pools(self._meter, line.proxy, is_guarded=False) if line.proxy else self._direct
        self._guarded = make_pools(self._meter, line.proxy, is_guarded=True)

    @contextmanager
    def ask(
        self,
        address: Address,
        headers: Mapping[str, str],
        hosts: tuple[str, ...] = (),
        private: tuple[str, ...] = (),
    ) -> Iterator[Answer]:
        """Ask for an address, follow where the server refers to, and hand out the answer. Raises Trouble.

        private: name and value of a header that nobody else gets. The context's end closes the connection unless all
        was read.
        """
        asked, now = address, address
        for _ in range(MOST_REDIRECTS + 1):
            is_given = now.host == asked.host or is_own_network(asked.host)
            own = {private[0]: private[1]} if private and _origin(now) == _origin(asked) else {}
            with self._request(now, {**headers, **own}, is_given=is_given) as answer:
                if answer.status not in _REDIRECTS:
                    yield answer
                    return
                now = referred(asked, now, answer.headers.get("Location", ""), hosts)
        raise Trouble(f"{address.host} refers from one address to the next without end.")

    @contextmanager
    def post(self, address: Address, headers: Mapping[str, str], body: bytes) -> Iterator[Answer]:
        """Send something to an address, follow nowhere, and hand out the answer. Raises Trouble."""
        with self._request(address, headers, is_given=True, body=body) as answer:
            yield answer

    @contextmanager
    def _request(
        self, address: Address, headers: Mapping[str, str], *, is_given: bool, body: bytes | None = None
    ) -> Iterator[Answer]:
        before, outcome = self._meter.total(), "broken off"
        self._tell(Asking(address.host))
        try:
            with self._response(address, headers, is_given=is_given, body=body) as response:
                outcome = str(response.status)
                yield Answer(response, address.host, self.pace)
        except Trouble as trouble:
            if not trouble.status:
                outcome = f"{outcome}: {trouble.text}" if outcome.isdigit() else trouble.text
            raise
        except OutOfTime:
            outcome = "out of time"
            raise
        finally:
            sent, received = self._meter.total()
            self._tell(RequestMade(address.host, sent - before[0], received - before[1], outcome))

    @contextmanager
    def _response(
        self, address: Address, headers: Mapping[str, str], *, is_given: bool, body: bytes | None
    ) -> Iterator[BaseHTTPResponse]:
        pools = self._pools(address, is_given=is_given)
        sent = {"User-Agent": "Garrison", "Accept": "*/*", "Accept-Encoding": "identity", **headers}
        if address.user:
            sent |= urllib3.util.make_headers(basic_auth=f"{address.user}:{address.password}")
        try:
            response = pools.request(
                "GET" if body is None else "POST",
                address.text,
                body=body,
                headers=sent,
                preload_content=False,
                redirect=False,
                timeout=_SILENCE_SECONDS,
            )
        except (broken.HTTPError, HTTPException, OSError, ValueError) as error:
            raise trouble_of(error, address.host) from error
        try:
            yield response
        finally:
            if response.length_remaining == 0 and not response.closed:
                response.drain_conn()  # an answer of no bytes counts as unread, and the next request would fail over it
                response.release_conn()
            else:
                response.close()

    def _pools(self, address: Address, *, is_given: bool) -> urllib3.PoolManager:
        """Return the way to an address: past the proxy in the own network, and with care where a server referred to."""
        if not is_given:
            return self._guarded
        return self._direct if is_own_network(address.host) else self._given

    def close(self) -> None:
        """Part with all connections."""
        for pools in (self._direct, self._given, self._guarded):
            pools.clear()
        self._meter.settle()


def referred(asked: Address, now: Address, location: str, hosts: tuple[str, ...]) -> Address:
    """Return where a server refers to, if it may: to its own host, to one under it, or to one of those named.

    Raises Trouble.
    """
    try:
        target = parse_address(urljoin(now.text, location) if location else "")
    except (Invalid, ValueError):
        raise Trouble(f"{now.host} refers to an address that is none.") from None
    name = target.host or target.text
    if target.is_file:
        raise Trouble(f"{now.host} refers to a file of this computer ({name}): that is not followed.")
    if now.scheme == "https" and target.scheme != "https":
        raise Trouble(f"{now.host} refers to an address without encryption ({name}): that is not followed.")
    base = asked.host.removeprefix("www.")
    if not any(_is_under(target.host, host) for host in (base, *hosts)):
        raise Trouble(f"{now.host} refers to another server ({name}): that is not followed.")
    if is_own_network(target.host) and not is_own_network(asked.host):
        raise Trouble(f"{now.host} refers to this computer's own network ({name}): that is not followed.")
    if target.host == asked.host:
        return Address(target.scheme, target.host, target.text, asked.user, asked.password)
    return Address(target.scheme, target.host, target.text)


def _origin(address: Address) -> tuple[str, str, int | None]:
    """Return what tells one server from another (RFC 6454)."""
    return address.scheme, address.host, urlsplit(address.text).port or _PORTS.get(address.scheme)


def _is_under(host: str, upper: str) -> bool:
    return host == upper or host.endswith(f".{upper}")


def refusal(answer: Answer, host: str) -> Trouble:
    """Return what an answer without content means."""
    status = answer.status
    says = {
        401: "asks for a sign-in",
        403: "refuses to give it out",
        404: "has no such file",
        407: "is behind a proxy that wants another sign-in",
        410: "has no such file any more",
        429: "has had too many requests",
    }.get(status, "has a problem of its own" if status >= 500 else "gave an answer that means nothing here")
    return Trouble(
        f"{host} {says} ({status}).", status=status, may_pass=status in _MAY_PASS, wait=_wait(answer.headers)
    )


def _wait(headers: Mapping[str, str]) -> float:
    """Return the seconds that a server asks to be left alone for."""
    said = headers.get("Retry-After", "").strip()
    return min(float(said), _MOST_WAIT_SECONDS) if said.isascii() and said.isdigit() and len(said) < 10 else 0.0


def trouble_of(error: Exception, host: str) -> Trouble:
    """Return a failure as a sentence."""
    if isinstance(error, broken.ProxyError) and "407" in _why(error):
        return Trouble(f"{host} is behind a proxy that wants another sign-in (407).")
    for kind, says, may_pass in _FAILURES:
        if isinstance(error, kind):
            return Trouble(says.format(host=host, why=_why(error)), may_pass=may_pass)
    return Trouble(f"{host} could not be asked: {_why(error)}.", may_pass=False)


def _why(error: BaseException) -> str:
    """Return the innermost reason, shortened: a server may have a word in it."""
    while inner := error.__cause__ or getattr(error, "original_error", None):
        error = inner
    if isinstance(error, OSError) and error.errno and error.errno in errno.errorcode and error.strerror:
        return error.strerror.lower()
    return "".join(char if char.isprintable() else " " for char in str(error))[:200].rstrip(".")


_FAILURES: tuple[tuple[type[Exception], str, bool], ...] = (
    (NotThere, "A server refers to this computer's own network by the name {host}: that is not followed.", False),
    (broken.NameResolutionError, "The name {host} is not known now.", True),
    (broken.ProxyError, "The proxy did not lead to {host}: {why}.", False),
    (broken.SSLError, "{host} could not prove who it is: {why}.", False),
    (broken.NewConnectionError, "{host} could not be reached: {why}.", True),
    (broken.ConnectTimeoutError, "{host} did not answer in time.", True),
    (broken.ReadTimeoutError, "{host} fell silent.", True),
    (broken.IncompleteRead, "{host} broke off before the end.", True),
    (broken.ProtocolError, "{host} broke off, or did not keep to HTTP: {why}.", True),
    (broken.LocationValueError, "The address at {host} is none.", False),
    (OSError, "{host} could not be reached: {why}.", True),
)
