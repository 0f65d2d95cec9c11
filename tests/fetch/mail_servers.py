"""A real mail server on loopback (RFC 5321), good or bad as a test wants it."""

import base64
import socket
import ssl
from dataclasses import dataclass, field

from tests.fetch.listening import Listening


@dataclass
class MailServer(Listening):
    """Takes letters. context: of TLS. at_once: whether it encrypts from the first byte, else by STARTTLS.

    answers: by the beginning of a command, what it says instead. letters: (recipient, content) of what it took.
    said: commands as they came; sign_ins: user and password of each.
    """

    context: ssl.SSLContext | None = None
    at_once: bool = False
    signs_in: bool = True
    answers: dict[str, str] = field(default_factory=dict)
    letters: list[tuple[str, str]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    sign_ins: list[tuple[str, str]] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        """Talk with one client."""
        _Talk(self, connection).run()


class _Talk:
    """A conversation with one client."""

    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self._server = server
        self._connection = connection
        self._recipient = ""
        self._is_closed = False
        self._words = {
            "EHLO": self._ehlo,
            "STARTTLS": self._starttls,
            "AUTH": self._auth,
            "RCPT": self._rcpt,
            "DATA": self._data,
        }

    def run(self) -> None:
        if self._server.at_once:
            self._encrypt()
        self._reader = self._connection.makefile("rb")
        try:
            self._say(self._server.answers.get("", "220 ready"))
            while line := self._reader.readline().decode("utf-8").strip():
                self._server.said.append(line)
                self._take(line)
        finally:
            self._reader.close()
            self._connection.close()

    def _encrypt(self) -> None:
        assert self._server.context is not None
        self._connection = self._server.context.wrap_socket(self._connection, server_side=True)
        self._is_closed = True

    def _say(self, line: str) -> None:
        self._connection.sendall(line.encode("utf-8") + b"\r\n")

    def _take(self, line: str) -> None:
        instead = next((says for begin, says in self._server.answers.items() if begin and line.startswith(begin)), "")
        word = line.partition(" ")[0].upper()
        if instead:
            self._say(instead)
        elif word in self._words:
            self._words[word](line)
        else:
            self._say("250 yes")

    def _ehlo(self, _: str) -> None:
        offers = ["here"]
        offers += ["STARTTLS"] if self._server.context and not self._is_closed else []
        offers += ["AUTH PLAIN"] if self._server.signs_in else []
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def _starttls(self, _: str) -> None:
        self._say("220 go on")
        self._reader.close()
        self._encrypt()
        self._reader = self._connection.makefile("rb")

    def _auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split(" ")[2]).decode("utf-8").split("\0")
        self._server.sign_ins.append((user, password))
        self._say("235 welcome")

    def _rcpt(self, line: str) -> None:
        self._recipient = line.partition("<")[2].rstrip(">")
        self._say("250 yes")

    def _data(self, _: str) -> None:
        self._say("354 go on")
        content = b""
        while (piece := self._reader.readline()) != b".\r\n":
            content += piece
        self._server.letters.append((self._recipient, content.decode("utf-8")))
        self._say("250 taken")
