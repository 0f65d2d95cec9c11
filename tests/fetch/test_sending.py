"""Messages go out whole, once, and to nobody who cannot be trusted with them; what goes wrong is a sentence."""

import asyncio
import contextlib
import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.fetching import Fetcher, Mail, Post
from garrison.base.errors import Failed, GarrisonError, Invalid, Refused, Unavailable
from garrison.fetch.requests import Requester
from garrison.fetch.sending import Mailer, send
from garrison.wire.fetching import Line, Message, RequestMade, SendJob
from tests.fetch.certificates import Authority
from tests.fetch.fetching import Fetching
from tests.fetch.mail_servers import MailServer
from tests.fetch.servers import Server, redirect, silent, status

LETTER = "From: a@example.org\r\nSubject: Hello\r\n\r\nA threat was found.\r\n"
LINE = Line(seconds=10.0)


def mail_to(server: MailServer, security: str = "none", user: str = "") -> Mail:
    return Mail(
        "127.0.0.1", server.port, security, "a@example.org", "b@example.org", LETTER, user, "secret" if user else ""
    )


def sent(what: Post | Mail, line: Line = LINE) -> list[RequestMade]:
    """Send something; return what the ledger is told."""
    told: list[Message] = []
    with contextlib.closing(Requester(line, told.append)) as requester:
        send(SendJob(line, what), requester, Mailer(told.append))
    return [message for message in told if isinstance(message, RequestMade)]


def failure(what: Post | Mail, kind: type[GarrisonError], line: Line = LINE) -> str:
    with pytest.raises(kind) as raised:
        sent(what, line)
    return raised.value.text


def by_the_process(fetching: Fetching, what: Post | Mail) -> None:
    async def run(fetcher: Fetcher) -> None:
        await fetcher.send(what, component="notifications", purpose="e-mail")

    asyncio.run(run(fetching.fetcher))


class TestMail:
    def test_a_letter_arrives_and_is_in_the_ledger(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with MailServer() as server:
            by_the_process(fetching, mail_to(server, user="ann"))
        assert server.letters == [("b@example.org", LETTER)]
        assert server.sign_ins == [("ann", "secret")]
        (request,) = fetching.ledger
        assert (request.host, request.component, request.purpose) == ("127.0.0.1", "notifications", "e-mail")
        assert request.outcome == "taken"
        assert request.bytes_sent > len(LETTER)
        assert request.bytes_received > 50

    @pytest.mark.parametrize("security", ["tls", "starttls"])
    def test_it_is_encrypted_for_a_server_that_proves_who_it_is(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str
    ) -> None:
        authority = Authority(tmp_path)
        with MailServer(authority.context_for("127.0.0.1"), at_once=security == "tls") as server:
            with monkeypatch.context() as patched:
                patched.setenv("SSL_CERT_FILE", str(authority.file))
                (request,) = sent(mail_to(server, security, user="ann"))
            assert server.letters == [("b@example.org", LETTER)]
            assert server.sign_ins == [("ann", "secret")]
            assert request.outcome == "taken"
            assert "could not prove who it is" in failure(mail_to(server, security, user="ann"), Failed)
            assert len(server.letters) == 1

    def test_a_server_that_does_not_encrypt_is_told_nothing(self) -> None:
        with MailServer() as server:
            assert "does not encrypt" in failure(mail_to(server, "starttls", user="ann"), Failed)
        assert [line.split(" ")[0] for line in server.said] == ["ehlo"]

    def test_a_certificate_for_another_host_is_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        authority = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
        with MailServer(authority.context_for("other.example"), at_once=True) as server:
            assert "could not prove who it is" in failure(mail_to(server, "tls"), Failed)
        assert server.letters == []

    @pytest.mark.parametrize(
        ("begin", "says", "kind", "sentence"),
        [
            (
                "rcpt",
                "550 nobody of \x1b[31mthat name",
                Failed,
                r"does not take letters for this address (550: nobody of \x1b[31mthat name)",
            ),
            ("rcpt", "451 later", Unavailable, "(451: later)"),
            ("mail", "552 full", Failed, "did not take the letter (552: full)"),
            ("data", "421 going down", Unavailable, "did not take the letter (421: going down)"),
            ("AUTH", "535 no", Failed, "does not take this sign-in (535: no)"),
            ("", "554 not you", Failed, "did not take the letter (554: not you)"),
            ("", "garbage", Unavailable, "did not keep to SMTP"),
        ],
    )
    def test_what_a_server_says_is_told(self, begin: str, says: str, kind: type[GarrisonError], sentence: str) -> None:
        with MailServer(answers={begin: says}) as server:
            assert sentence in failure(mail_to(server, user="ann"), kind)
        assert server.letters == []

    def test_a_server_without_a_way_to_sign_in_is_no_place_for_a_password(self) -> None:
        with MailServer(signs_in=False) as server:
            assert failure(mail_to(server, user="ann"), Failed) == "127.0.0.1 has no way to sign in."
        assert server.letters == []

    def test_nobody_there_and_silence_may_pass(self) -> None:
        with MailServer() as server:
            gone = mail_to(server)
        assert failure(gone, Unavailable) == "127.0.0.1 could not be reached: connection refused."
        with Server({}) as mute:  # waits for a request, and says nothing
            what = replace(gone, port=mute.port)
            assert failure(what, Unavailable, Line(seconds=0.2)) == "127.0.0.1 took too long."
        assert failure(replace(gone, host="nobody.invalid"), Unavailable) == "The name nobody.invalid is not known now."

    def test_an_address_that_is_none_is_a_sentence(self) -> None:
        with MailServer() as server:
            assert "is none" in failure(replace(mail_to(server), recipient="ä@\udcff"), Failed)


class TestPost:
    def test_a_message_arrives_and_is_in_the_ledger(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/hook": status(204)}) as server:
            by_the_process(fetching, Post(server.url("/hook"), '{"a":"ü"}', {"X-Own": "yes"}))
        (asked,) = server.asked
        assert (asked.method, asked.body.decode(), asked.headers["x-own"]) == ("POST", '{"a":"ü"}', "yes")
        assert [(request.host, request.outcome) for request in fetching.ledger] == [("127.0.0.1", "204")]

    @pytest.mark.parametrize(
        ("code", "kind", "sentence"),
        [
            (401, Failed, "wants another sign-in (401)"),
            (403, Failed, "refuses it (403)"),
            (404, Failed, "has nothing at that address (404)"),
            (413, Failed, "finds it too long (413)"),
            (418, Failed, "did not take it (418)"),
            (429, Unavailable, "has had too many messages (429)"),
            (503, Unavailable, "has a problem of its own (503)"),
        ],
    )
    def test_what_a_server_answers_is_told(self, code: int, kind: type[GarrisonError], sentence: str) -> None:
        with Server({"/hook": status(code)}) as server:
            assert sentence in failure(Post(server.url("/hook"), "x"), kind)

    def test_nothing_is_sent_on_to_where_a_server_refers(self) -> None:
        with Server({"/hook": redirect("/other")}) as server:
            assert "did not take it (302)" in failure(Post(server.url("/hook"), "x"), Failed)
            assert server.targets() == ["/hook"]

    def test_silence_ends_with_the_time(self) -> None:
        with Server({"/hook": silent}) as server:
            assert failure(Post(server.url("/hook"), "x"), Unavailable, Line(seconds=0.2)).endswith("took too long.")

    def test_a_certificate_that_nobody_vouches_for_is_none(self, tmp_path: Path) -> None:
        context: ssl.SSLContext = Authority(tmp_path).context_for("127.0.0.1")
        with Server({"/hook": status(200)}, context=context) as server:
            assert "could not prove who it is" in failure(Post(server.url("/hook"), "x"), Failed)
        assert server.asked == []


def test_nothing_is_sent_without_consent_and_nothing_into_a_file(tmp_path: Path) -> None:
    with MailServer() as server:
        with pytest.raises(Refused, match="not agreed"):
            by_the_process(Fetching(tmp_path, consents=False), mail_to(server))
        assert server.said == []
    with pytest.raises(Invalid, match="no address that a message can be sent to"):
        by_the_process(Fetching(tmp_path), Post("file:///etc/passwd", "x"))
