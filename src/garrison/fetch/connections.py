"""Connections that count what passes on the line, and go nowhere that they must not.

Counting: struct tcp_info of linux/tcp.h; its counters hold the payload of TCP, so TLS and headers are in them.
"""

import socket
import ssl
import struct
from collections.abc import Mapping
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError
from urllib3.util import connection as connecting

from garrison.wire.addresses import is_public
from garrison.wire.fetching import Proxy

_RECEIVED_AT, _SENT_AT = 128, 200  # tcpi_bytes_received, tcpi_bytes_sent
_MOST_WATCHED = 8
_INFO_BYTES = 256


class NotThere(NewConnectionError):
    """A connection would lead where a server must not refer to."""


class Meter:
    """Counts the bytes of all connections, also of those that are closed."""

    def __init__(self) -> None:
        self._watched: list[socket.socket] = []
        self._sent = 0
        self._received = 0

    def watch(self, connection: socket.socket) -> None:
        """Count a connection from now on, by a descriptor of our own, so that its end is not missed."""
        while len(self._watched) >= _MOST_WATCHED:
            self._settle(self._watched.pop(0))
        self._watched.append(connection.dup())

    def total(self) -> tuple[int, int]:
        """Return the bytes sent and received so far."""
        counts = [_counters(watched) for watched in self._watched]
        return self._sent + sum(sent for sent, _ in counts), self._received + sum(received for _, received in counts)

    def settle(self) -> None:
        """Part with all connections; their bytes stay counted."""
        while self._watched:
            self._settle(self._watched.pop())

    def _settle(self, watched: socket.socket) -> None:
        sent, received = _counters(watched)
        self._sent += sent
        self._received += received
        watched.close()


def _counters(connection: socket.socket) -> tuple[int, int]:
    """Return the bytes that a connection sent and received."""
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES).ljust(_INFO_BYTES, b"\0")
    return struct.unpack_from("=Q", info, _SENT_AT)[0], struct.unpack_from("=Q", info, _RECEIVED_AT)[0]


class _Counted(HTTPConnection):
    meter: Meter
    is_guarded: bool

    def _new_conn(self) -> socket.socket:
        connection = self._guarded() if self.is_guarded else super()._new_conn()
        self.meter.watch(connection)
        return connection

    def _guarded(self) -> socket.socket:
        """Connect to a public address, which is looked at before it is used: a name may lead anywhere."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise urllib3.exceptions.NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        number = str(found[0][4][0])
        if not all(is_public(str(entry[4][0])) for entry in found):
            raise NotThere(self, number)
        try:
            return connecting.create_connection((number, self.port), self.timeout, None, self.socket_options)
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, str(error)) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error


def make_pools(meter: Meter, proxy: Proxy | None, *, is_guarded: bool) -> urllib3.PoolManager:
    """Return what makes connections. is_guarded: only to public addresses, unless a proxy makes them for us."""
    headers = {"User-Agent": "Garrison"}
    options: dict[str, Any] = {"retries": False, "maxsize": 1, "num_pools": 4, "ssl_context": _context()}
    if proxy is None:
        pools = urllib3.PoolManager(headers=headers, **options)
    else:
        pools = urllib3.ProxyManager(proxy.address, headers=headers, proxy_headers=sign_in_headers(proxy), **options)
    pools.pool_classes_by_scheme = _pools_of(meter, is_guarded and proxy is None)
    return pools


def sign_in_headers(proxy: Proxy) -> Mapping[str, str] | None:
    """Return what tells a proxy who asks."""
    if not proxy.user:
        return None
    return urllib3.util.make_headers(proxy_basic_auth=f"{proxy.user}:{proxy.password}")


def _context() -> ssl.SSLContext:
    context = urllib3.util.ssl_.create_urllib3_context()
    context.load_default_certs()
    return context


def _pools_of(meter: Meter, is_guarded: bool) -> dict[str, type[HTTPConnectionPool]]:
    own = {"meter": meter, "is_guarded": is_guarded}
    plain = type("Plain", (_Counted,), own)
    closed = type("Closed", (_Counted, HTTPSConnection), own)
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("ClosedPool", (HTTPSConnectionPool,), {"ConnectionCls": closed}),
    }
