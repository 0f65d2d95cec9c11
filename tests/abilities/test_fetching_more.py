"""Where a server, a proxy or a certificate may lead a request: the real process, against real servers on loopback."""

from pathlib import Path

import pytest

from garrison.abilities.fetching import Line, Proxy
from garrison.base.errors import Invalid
from tests.fetch.certificates import Authority
from tests.fetch.fetching import Fetching
from tests.fetch.servers import Asked, Server, content, redirect, status, tunnel

BODY = bytes(range(256)) * 1000


def through(proxy: Server, tmp_path: Path) -> Fetching:
    return Fetching(tmp_path, Line(proxy=Proxy(f"http://127.0.0.1:{proxy.port}"), seconds=10, tries=1))


class TestRedirects:
    def test_its_own_host_and_what_is_under_it_may_be_referred_to(self, tmp_path: Path) -> None:
        answers = {
            "http://feeds.example/file": redirect("/other"),
            "http://feeds.example/other": redirect("http://cdn.feeds.example/it", 307),
            "http://cdn.feeds.example/it": content(BODY),
        }
        with Server(answers) as proxy:
            fetching = through(proxy, tmp_path)
            assert fetching.one("http://feeds.example/file")[1] == BODY
        assert [request.host for request in fetching.ledger] == ["feeds.example", "feeds.example", "cdn.feeds.example"]

    def test_another_host_may_be_referred_to_when_it_was_named(self, tmp_path: Path) -> None:
        answers = {
            "http://feeds.example/file": redirect("http://store.example/it"),
            "http://store.example/it": content(BODY),
        }
        with Server(answers) as proxy:
            fetching = through(proxy, tmp_path)
            assert "refers to another server (store.example)" in fetching.failure("http://feeds.example/file")
            assert fetching.one("http://feeds.example/file", hosts=("store.example",))[1] == BODY

    @pytest.mark.parametrize(
        "to",
        [
            "file:///etc/passwd",
            "http://127.0.0.1:{port}/secret",
            "http://localhost:{port}/secret",
            "http://[::1]:{port}/secret",
            "http://[::ffff:127.0.0.1]:{port}/secret",
            "http://169.254.169.254/latest/meta-data",
            "http://192.168.0.1/",
            "http://10.0.0.1/",
            "http://printer/",
            "http://feeds.example.evil.example/",
            "http://evilfeeds.example/",
            "ftp://feeds.example/",
            "gopher://feeds.example/",
            "",
        ],
    )
    def test_elsewhere_is_not_followed(self, tmp_path: Path, to: str) -> None:
        with Server({"/secret": content(b"secret")}) as inner:
            target = to.format(port=inner.port)
            with Server({"http://feeds.example/file": redirect(target)}) as proxy:
                failure = through(proxy, tmp_path).failure("http://feeds.example/file")
                assert proxy.targets() == ["http://feeds.example/file"]
            assert inner.asked == []
        assert failure.startswith("feeds.example refers to")

    def test_not_even_a_named_host_may_be_in_the_own_network(self, tmp_path: Path) -> None:
        with Server({"/secret": content(b"secret")}) as inner:
            with Server({"http://feeds.example/file": redirect(inner.url("/secret"))}) as proxy:
                failure = through(proxy, tmp_path).failure("http://feeds.example/file", hosts=("127.0.0.1",))
            assert inner.asked == []
        assert "own network" in failure

    def test_a_mirror_in_the_own_network_may_refer_to_itself(self, tmp_path: Path) -> None:
        with Server({"/there": content(BODY)}) as second, Server({"/file": redirect(second.url("/there"))}) as server:
            assert Fetching(tmp_path).one(server.url())[1] == BODY

    def test_there_is_an_end_to_being_sent_around(self, tmp_path: Path) -> None:
        with Server({"/file": redirect("/file")}) as server:
            assert "without end" in Fetching(tmp_path).failure(server.url())
            assert len(server.asked) == 6

    def test_a_sign_in_does_not_follow_to_another_host(self, tmp_path: Path) -> None:
        answers = {
            "http://feeds.example/file": redirect("http://cdn.feeds.example/it"),
            "http://cdn.feeds.example/it": content(BODY),
        }
        with Server(answers) as proxy:
            through(proxy, tmp_path).one("http://anna:secret@feeds.example/file")
            first, second = proxy.asked
        assert "authorization" in first.headers
        assert "authorization" not in second.headers


class TestProxies:
    def test_a_proxy_is_signed_in_to_and_the_password_is_in_no_ledger(self, tmp_path: Path) -> None:
        def guarded(asked: Asked, connection: object) -> None:
            right = asked.headers.get("proxy-authorization") == "Basic YW5uYTpzZWNyZXQ="
            (content(BODY) if right else status(407))(asked, connection)  # type: ignore[arg-type]

        with Server({"http://feeds.example/file": guarded}) as server:
            proxy = Proxy(f"http://127.0.0.1:{server.port}", "anna", "secret")
            fetching = Fetching(tmp_path, Line(proxy=proxy, tries=1))
            assert fetching.one("http://feeds.example/file")[1] == BODY
            assert "secret" not in repr(proxy) + repr(fetching.ledger)
            wrong = Fetching(tmp_path, Line(proxy=Proxy(proxy.address, "anna", "guess"), tries=1))
            assert "another sign-in (407)" in wrong.failure("http://feeds.example/file")

    def test_the_own_network_is_asked_directly(self, tmp_path: Path) -> None:
        with Server() as proxy, Server({"/file": content(BODY)}) as server:
            assert through(proxy, tmp_path).one(server.url())[1] == BODY
            assert proxy.asked == []

    @pytest.mark.parametrize("address", ["/etc", "socks5://127.0.0.1:1", "nonsense"])
    def test_a_proxy_that_is_none_is_refused(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(Invalid):
            Fetching(tmp_path, Line(proxy=Proxy(address))).one("http://feeds.example/")


class TestEncryption:
    @pytest.fixture
    def authority(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
        made = Authority(tmp_path)
        monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
        return made

    def test_a_server_that_proves_who_it_is_serves(self, tmp_path: Path, authority: Authority) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/file": content(BODY)}, context=authority.context_for("127.0.0.1")) as server:
            assert fetching.one(server.url())[1] == BODY
        assert fetching.ledger[0].bytes_received > len(BODY)

    def test_one_that_proves_to_be_another_does_not(self, tmp_path: Path, authority: Authority) -> None:
        with Server({"/file": content(BODY)}, context=authority.context_for("other.example")) as server:
            assert "could not prove who it is" in Fetching(tmp_path).failure(server.url())
            assert server.asked == []

    def test_one_that_nobody_vouches_for_does_not(self, tmp_path: Path) -> None:
        (tmp_path / "unknown").mkdir()
        context = Authority(tmp_path / "unknown").context_for("127.0.0.1")
        with Server({"/file": content(BODY)}, context=context) as server:
            assert "could not prove who it is" in Fetching(tmp_path).failure(server.url())

    def test_one_that_speaks_no_tls_is_a_sentence(self, tmp_path: Path) -> None:
        with Server({"/file": content(BODY)}) as server:
            assert Fetching(tmp_path).failure(server.url().replace("http:", "https:")).startswith("127.0.0.1 ")

    def test_a_redirect_must_not_lead_out_of_encryption(self, tmp_path: Path, authority: Authority) -> None:
        with Server({"/file": content(BODY)}) as plain:
            answers = {"/file": redirect(plain.url())}
            with Server(answers, context=authority.context_for("127.0.0.1")) as server:
                assert "without encryption" in Fetching(tmp_path).failure(server.url())
            assert plain.asked == []

    def test_a_proxy_tunnels_and_sees_nothing(self, tmp_path: Path, authority: Authority) -> None:
        with Server({"/file": content(BODY)}, context=authority.context_for("feeds.example")) as server:
            with Server({"feeds.example:443": tunnel(server.port)}) as proxy:
                fetching = through(proxy, tmp_path)
                assert fetching.one("https://feeds.example/file")[1] == BODY
                assert proxy.asked[0].method == "CONNECT"
            assert server.targets() == ["/file"]
        assert fetching.ledger[0].host == "feeds.example"

    def test_the_way_to_a_proxy_can_be_encrypted_too(self, tmp_path: Path, authority: Authority) -> None:
        answers = {"http://feeds.example/file": content(BODY)}
        with Server(answers, context=authority.context_for("127.0.0.1")) as proxy:
            line = Line(proxy=Proxy(f"https://127.0.0.1:{proxy.port}", "anna", "secret"), tries=1)
            assert Fetching(tmp_path, line).one("http://feeds.example/file")[1] == BODY
            assert "proxy-authorization" in proxy.asked[0].headers

    @pytest.mark.parametrize(("code", "says"), [(407, "another sign-in (407)"), (502, "did not lead to")])
    def test_a_proxy_that_does_not_tunnel_is_a_sentence(self, tmp_path: Path, code: int, says: str) -> None:
        with Server({"feeds.example:443": status(code)}) as proxy:
            assert says in through(proxy, tmp_path).failure("https://feeds.example/file")
