"""Real servers on loopback, good ones and bad ones: every byte of an answer is the test's own."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fetch.listening import Listening


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came. target: what stands in its first line; headers: by name in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


Answer = Callable[[Asked, socket.socket], None]


@dataclass
class Server(Listening):
    """Serves answers by target. In a proxy's place the targets are whole addresses.

    closes: whether it closes each connection after its answer. context: of TLS. asked: every request so far.
    """

    answers: dict[str, Answer] = field(default_factory=dict)
    closes: bool = True
    context: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)

    def url(self, target: str = "/file") -> str:
        scheme = "http" if self.context is None else "https"
        return f"{scheme}://127.0.0.1:{self.port}{target}"

    def targets(self) -> list[str]:
        return [asked.target for asked in self.asked]

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of a connection."""
        if self.context is not None:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection:
            while (asked := read_request(connection)) is not None:
                self.asked.append(asked)
                self.answers.get(asked.target, status(404))(asked, connection)
                if self.closes:
                    return


def read_request(connection: socket.socket) -> Asked | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return None
        head += byte
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ")
    pairs = (line.partition(":") for line in lines)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    left, body = int(headers.get("content-length", 0)), b""
    while len(body) < left:
        body += connection.recv(left - len(body)) or b"?" * left
    return Asked(method, target, headers, body)


def raw(*pieces: bytes) -> Answer:
    """Answer with these bytes, whatever they are."""

    def answer(_: Asked, connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def head(code: int, **headers: object) -> bytes:
    lines = [f"HTTP/1.1 {code} Said", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def status(code: int, **headers: object) -> Answer:
    return raw(head(code, Content_Length=0, **headers))


def redirect(to: str, code: int = 302) -> Answer:
    return status(code, Location=to)


def content(body: bytes, etag: str = "", modified: str = "") -> Answer:
    """Answer as a good server does: with conditions and ranges."""

    def answer(asked: Asked, connection: socket.socket) -> None:
        about = {name: value for name, value in (("ETag", etag), ("Last-Modified", modified)) if value}
        if etag and asked.headers.get("if-none-match") == etag:
            connection.sendall(head(304, **about))
            return
        found = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if found and asked.headers.get("if-range") in {etag, modified}:
            start = int(found[1])
            if start >= len(body):
                connection.sendall(head(416, Content_Length=0))
                return
            where = f"bytes {start}-{len(body) - 1}/{len(body)}"
            rest = body[start:]
            connection.sendall(head(206, Content_Length=len(rest), Content_Range=where, **about) + rest)
        else:
            connection.sendall(head(200, Content_Length=len(body), **about) + body)

    return answer


def cut_after(count: int, body: bytes, etag: str) -> Answer:
    """Answer with the beginning of a file, and leave."""
    return raw(head(200, Content_Length=len(body), ETag=etag) + body[:count])


def in_turn(*answers: Answer) -> Answer:
    """Answer once with each, then always with the last."""
    waiting = list(answers)

    def answer(asked: Asked, connection: socket.socket) -> None:
        (waiting.pop(0) if len(waiting) > 1 else waiting[0])(asked, connection)

    return answer


def endless(first: bytes, piece: bytes, pause: float = 0.0) -> Answer:
    """Answer with a piece again and again, until the other side has enough."""

    def answer(_: Asked, connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(piece)
            time.sleep(pause)

    return answer


def stalling(first: bytes) -> Answer:
    """Answer with a beginning, and hold the line until the other side leaves."""

    def answer(_: Asked, connection: socket.socket) -> None:
        connection.sendall(first)
        connection.recv(1)

    return answer


def silent(_: Asked, connection: socket.socket) -> None:
    """Answer nothing, and hold the line until the other side leaves."""
    connection.recv(1)


def tunnel(port: int) -> Answer:
    """Answer CONNECT as a proxy does, to a server of ours."""

    def answer(_: Asked, connection: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as inner:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pour, args=(inner, connection), daemon=True)
            back.start()
            _pour(connection, inner)
            back.join(10)

    return answer


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
