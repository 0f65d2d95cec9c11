"""Sends one message out: to an address (HTTP POST), or to a mail server (SMTP, RFC 5321 and 3207)."""

import ipaddress
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from garrison.base.errors import Failed, Unavailable
from garrison.base.text import printable
from garrison.fetch.connections import Meter
from garrison.fetch.pace import OutOfTime, deadline
from garrison.fetch.requests import Answer, Requester
from garrison.fetch.trouble import Trouble
from garrison.wire.addresses import parse_address
from garrison.wire.fetching import Asking, Mail, Message, Post, RequestMade, SendJob

_OURSELVES = "[127.0.0.1]"  # in place of this computer's name, which is nobody's business
_SILENCE_SECONDS = 30.0
_MOST_ANSWER_BYTES = 64 * 1024
_MAY_PASS = {408, 425, 429}
_READY, _MOST_WORDS = 220, 200


def send(job: SendJob, requester: Requester, mailer: "Mailer") -> None:
    """Send. Raises Unavailable where trying again may help, else Failed."""
    what = job.what
    host = what.host if isinstance(what, Mail) else parse_address(what.address).host
    try:
        with deadline(job.line.seconds):
            if isinstance(what, Mail):
                mailer.mail(what)
            else:
                _post(what, requester)
    except OutOfTime:
        raise Unavailable("{host} took too long.", host=host) from None
    except Trouble as trouble:
        raise (Unavailable if trouble.may_pass else Failed)(trouble.text) from trouble


def _post(what: Post, requester: Requester) -> None:
    address = parse_address(what.address)
    with requester.post(address, what.headers, what.body.encode("utf-8", "backslashreplace")) as answer:
        if not 200 <= answer.status < 300:
            raise _refusal(answer, address.host)
        read = 0
        for piece in answer.pieces():
            read += len(piece)
            if read > _MOST_ANSWER_BYTES:
                break


def _refusal(answer: Answer, host: str) -> Trouble:
    status = answer.status
    says = {
        401: "wants another sign-in",
        403: "refuses it",
        404: "has nothing at that address",
        413: "finds it too long",
        429: "has had too many messages",
    }.get(status, "has a problem of its own" if status >= 500 else "did not take it")
    return Trouble(f"{host} {says} ({status}).", status=status, may_pass=status in _MAY_PASS or status >= 500)


class Mailer:
    """Hands letters to mail servers. tell: takes what is to be known of each request."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        self._tell = tell
        self._meter = Meter()
        self._context = ssl.create_default_context()

    def mail(self, what: Mail) -> None:
        """Hand a letter to its server. Raises Trouble."""
        outcome = "broken off"
        self._tell(Asking(what.host))
        try:
            with _troubles_of_the_line(what.host), _troubles_of_the_server(what.host):
                self._talk(what)
            outcome = "taken"
        except Trouble as trouble:
            outcome = trouble.text
            raise
        finally:
            sent, received = self._meter.total()
            self._tell(RequestMade(what.host, sent, received, outcome))
            self._meter.settle()

    def _talk(self, what: Mail) -> None:
        connection = socket.create_connection((what.host, what.port), _SILENCE_SECONDS)
        with connection:
            self._meter.watch(connection)
            is_near = ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0]).is_loopback
            if what.security == "tls":
                connection = self._context.wrap_socket(connection, server_hostname=what.host)
            server = smtplib.SMTP(local_hostname=_OURSELVES, timeout=_SILENCE_SECONDS)
            server.sock = connection
            try:
                _greet(server)
                if what.security == "starttls":
                    self._encrypt(server, what.host)
                if what.user:
                    _sign_in(server, what, is_private=what.security != "none" or is_near)
                server.sendmail(what.sender, [what.recipient], what.message)
                server.docmd("QUIT")
            finally:
                server.close()

    def _encrypt(self, server: smtplib.SMTP, host: str) -> None:
        """Go on encrypted (RFC 3207); a server that does not is told nothing. Raises Trouble."""
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("starttls") or server.docmd("STARTTLS")[0] != _READY:
            raise Trouble(f"{host} does not encrypt (STARTTLS), so nothing was sent there.")
        assert server.sock is not None
        server.sock = self._context.wrap_socket(server.sock, server_hostname=host)
        server.file = None  # what came unencrypted behind the answer is not read
        server.helo_resp = server.ehlo_resp = None
        server.esmtp_features = {}
        server.does_esmtp = False


def _greet(server: smtplib.SMTP) -> None:
    code, words = server.getreply()
    if code < 0:
        raise smtplib.SMTPServerDisconnected("what it said is no answer")
    if code != _READY:
        raise smtplib.SMTPConnectError(code, words)


def _sign_in(server: smtplib.SMTP, what: Mail, *, is_private: bool) -> None:
    if not is_private:
        raise Trouble(f"The password for {what.host} is sent over no line without encryption.")
    server.login(what.user, what.password)


@contextmanager
def _troubles_of_the_server(host: str) -> Iterator[None]:
    """Turn what a mail server may say into Trouble."""
    try:
        yield
    except smtplib.SMTPRecipientsRefused as error:
        code, words = next(iter(error.recipients.values()))
        raise _said(host, "does not take letters for this address", code, words) from error
    except smtplib.SMTPAuthenticationError as error:
        raise _said(host, "does not take this sign-in", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPResponseException as error:
        raise _said(host, "did not take the letter", error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Trouble(f"{host} has no way to sign in.") from error
    except smtplib.SMTPException as error:
        raise Trouble(f"{host} broke off, or did not keep to SMTP.", may_pass=True) from error


@contextmanager
def _troubles_of_the_line(host: str) -> Iterator[None]:
    """Turn what can go wrong before a mail server says anything into Trouble."""
    try:
        yield
    except ssl.SSLError as error:
        why = printable(error.reason or "").lower().replace("_", " ")
        raise Trouble(f"{host} could not prove who it is, or does not encrypt: {why}.") from error
    except socket.gaierror as error:
        raise Trouble(f"The name {host} is not known now.", may_pass=True) from error
    except TimeoutError as error:
        raise Trouble(f"{host} did not answer in time.", may_pass=True) from error
    except OSError as error:
        raise Trouble(
            f"{host} could not be reached: {(error.strerror or 'broken off').lower()}.", may_pass=True
        ) from error
    except ValueError as error:  # a name or an address that is no ASCII
        raise Trouble(f"The address of the mail server, the sender or the recipient is none at {host}.") from error


def _said(host: str, says: str, code: int, untrusted_words: bytes | str) -> Trouble:
    words = untrusted_words.decode("utf-8", "replace") if isinstance(untrusted_words, bytes) else untrusted_words
    told = printable(words.replace("\n", " "))[:_MOST_WORDS]
    return Trouble(f"{host} {says} ({code}: {told}).", status=code, may_pass=400 <= code < 500)
