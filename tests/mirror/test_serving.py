"""The process that serves an office, over real sockets: what it answers, and what it does with hostile visitors."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.abilities.databases.mirror_process import Wish
from garrison.base.errors import GarrisonError, Invalid, Unavailable
from garrison.linux import listening
from garrison.mirror import serving
from garrison.mirror.serving import listen
from tests.mirror.mirrors import Running, everything, understood

DIGEST = "5a" * 32
TIMESTAMP, TARGET = "/metadata/timestamp.json", f"/targets/sets/{DIGEST[:32]}/{DIGEST}.words.bin.zst"
CONTENT = bytes(range(256)) * 4096


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A served folder below one that nobody else may enter, with things in it that are none of the mirror's."""
    home = tmp_path_factory.mktemp("home")
    home.chmod(0o700)
    public = home / "public"
    for name, content in ((TIMESTAMP, b"{}"), (TARGET, CONTENT), ("/metadata/secret.json", b"secret")):
        path = public / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)
    (home / "secret.json").write_bytes(b"secret")
    (public / "metadata" / "7.root.json").symlink_to(home / "secret.json")
    (public / "targets" / "linked").symlink_to(home)
    (public / "metadata" / "8.root.json").mkdir()
    os.mkfifo(public / "metadata" / "9.root.json")
    for folder in (public, *(path for path in public.rglob("*") if path.is_dir() and not path.is_symlink())):
        folder.chmod(0o755)
    return public


@pytest.fixture(scope="module")
def mirror(public: Path) -> Iterator[Running]:
    with Running(public) as running:
        assert running.problem is None
        yield running


class TestWhatItServes:
    def test_a_file_comes_with_what_is_needed_to_go_on_with_it(self, mirror: Running) -> None:
        status, headers, body = mirror.ask(TARGET)
        assert (status, body) == (200, CONTENT)
        assert headers["etag"] == f'"{DIGEST}"'
        assert headers["content-length"] == str(len(CONTENT))
        assert headers["last-modified"].endswith("GMT")

    def test_its_size_is_told_without_it(self, mirror: Running) -> None:
        status, headers, body = mirror.ask(TARGET, "HEAD")
        assert (status, headers["content-length"], body) == (200, str(len(CONTENT)), b"")

    def test_what_somebody_has_does_not_come_again(self, mirror: Running) -> None:
        _, headers, _ = mirror.ask(TIMESTAMP)
        assert mirror.ask(TIMESTAMP, If_None_Match=headers["etag"])[::2] == (304, b"")
        assert mirror.ask(TIMESTAMP, If_Modified_Since=headers["last-modified"])[::2] == (304, b"")
        assert mirror.ask(TIMESTAMP, If_None_Match='"other"')[::2] == (200, b"{}")

    @pytest.mark.parametrize("said", ["etag", "last-modified"])
    def test_a_broken_download_goes_on(self, mirror: Running, said: str) -> None:
        validator = mirror.ask(TARGET)[1][said]
        status, headers, body = mirror.ask(TARGET, Range="bytes=1000000-", If_Range=validator)
        assert (status, body) == (206, CONTENT[1_000_000:])
        assert headers["content-range"] == f"bytes 1000000-{len(CONTENT) - 1}/{len(CONTENT)}"
        assert mirror.ask(TARGET, Range="bytes=1000000-", If_Range='"another"')[::2] == (200, CONTENT)

    @pytest.mark.parametrize(
        ("wanted", "status", "part"),
        [
            ("bytes=0-0", 206, CONTENT[:1]),
            ("bytes=10-19", 206, CONTENT[10:20]),
            ("bytes=-5", 206, CONTENT[-5:]),
            ("bytes=-99999999999", 206, CONTENT),
            ("bytes=5-99999999999", 206, CONTENT[5:]),
            ("bytes=99999999999-", 416, b""),
            ("bytes=-0", 416, b""),
            ("bytes=9-5", 200, CONTENT),
            ("bytes=-", 200, CONTENT),
            ("bytes=0-1,5-6", 200, CONTENT),
            ("bytes=99999999999999999999999-", 200, CONTENT),
            ("lines=1-2", 200, CONTENT),
        ],
    )
    def test_parts_are_served_and_what_is_no_part_is_not(
        self, mirror: Running, wanted: str, status: int, part: bytes
    ) -> None:
        assert mirror.ask(TARGET, Range=wanted)[::2] == (status, part)

    def test_one_connection_serves_many_requests(self, mirror: Running) -> None:
        one = f"GET {TIMESTAMP} HTTP/1.1\r\nHost: here\r\n\r\n".encode()
        last = f"GET {TIMESTAMP} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n".encode()
        assert mirror.say(one + one + last).count(b"200 OK") == 3

    def test_what_was_opened_is_served_whole_though_it_is_replaced(self, mirror: Running, public: Path) -> None:
        path = public / "metadata" / "3.targets.json"
        path.write_bytes(b"a" * 8_000_000)
        path.chmod(0o644)
        with mirror.connection() as connection:
            connection.sendall(b"GET /metadata/3.targets.json HTTP/1.0\r\n\r\n")
            came = connection.recv(1000)
            fresh = path.with_name("fresh")
            fresh.write_bytes(b"b" * 100)
            fresh.chmod(0o644)
            fresh.rename(path)
            came += everything(connection)
        assert understood(came)[2] == b"a" * 8_000_000
        assert mirror.ask("/metadata/3.targets.json")[2] == b"b" * 100


class TestWhatItDoesNotServe:
    @pytest.mark.parametrize(
        "target",
        [
            "/",
            "/metadata",
            "/metadata/",
            "/targets/",
            "/metadata/secret.json",
            "/metadata/7.root.json",
            "/metadata/8.root.json",
            "/metadata/9.root.json",
            "/metadata/../../secret.json",
            "/metadata/..%2f..%2fsecret.json",
            "/metadata/%2e%2e/timestamp.json",
            "/metadata/timestamp.json?x=1",
            "/metadata/timestamp.json%00",
            "//metadata/timestamp.json",
            "/metadata//timestamp.json",
            "/metadata/1.timestamp.json",
            "/metadata/01.root.json",
            "/metadata/99999999999.root.json",
            f"/targets/linked/{DIGEST}.words.bin.zst",
            f"/targets/../metadata/{DIGEST}.json",
            f"/targets/.hidden/{DIGEST}.x",
            f"/targets/{DIGEST}.",
            f"/targets/sets/{DIGEST[:32]}/words.bin.zst",
            f"/targets/{'a/' * 300}{DIGEST}.x",
            "/etc/passwd",
            "/" + "A" * 1990,
        ],
    )
    def test_nothing_but_what_is_named_as_a_repository_names_it(self, mirror: Running, target: str) -> None:
        status, _, body = mirror.ask(target)
        assert (status, body) == (404, b"")

    @pytest.mark.parametrize(
        "said",
        [
            b"\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /metadata/timestamp.json\r\n\r\n",
            b"GET  /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/2.0\r\nHost: h\r\n\r\n",
            b"GET http://elsewhere/metadata/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\nHost: g\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost : h\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\n folded\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\nX: y\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\nX: \0\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"GET /" + b"\xff" * 20 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
            b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 100 + b"\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        ],
    )
    def test_what_is_no_request_is_refused_and_the_connection_closed(self, mirror: Running, said: bytes) -> None:
        answer = mirror.say(said, b"GET /metadata/timestamp.json HTTP/1.1\r\nHost: h\r\n\r\n")
        assert re.match(rb"HTTP/1.1 400 Bad Request\r\n", answer) or answer == b""
        assert b"200 OK" not in answer

    @pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
    def test_nothing_can_be_done_but_reading(self, mirror: Running, method: str) -> None:
        status, headers, body = mirror.ask(TIMESTAMP, method)
        assert (status, headers["allow"], body) == (405, "GET, HEAD", b"")

    def test_a_head_without_end_is_cut(self, mirror: Running) -> None:
        endless = b"GET /metadata/timestamp.json HTTP/1.1\r\nX: " + b"a" * 100_000
        answer = mirror.say(endless)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")

    def test_bytes_at_random_bring_nothing_down(self, mirror: Running) -> None:
        for number in range(50):
            mirror.say(os.urandom(200 + number), b"\r\n\r\n")
        assert mirror.ask(TIMESTAMP)[0] == 200


class TestHowMuchItBears:
    def test_who_never_finishes_a_request_is_let_go(self, mirror: Running) -> None:
        began = time.monotonic()
        with mirror.connection() as connection:
            connection.sendall(b"GET /metadata/timestamp.json HTTP/1.1\r\n")
            dripping = threading.Event()

            def drip() -> None:
                with contextlib.suppress(OSError):
                    while not dripping.wait(0.5):
                        connection.sendall(b"X-Drop: 1\r\n")

            thread = threading.Thread(target=drip, daemon=True)
            thread.start()
            assert everything(connection) == b""
            dripping.set()
            thread.join(5)
        assert serving.HEAD_SECONDS - 1 < time.monotonic() - began < serving.HEAD_SECONDS + 10

    def test_one_computer_cannot_take_all_connections_nor_keep_them(self, mirror: Running) -> None:
        with contextlib.ExitStack() as stack:
            held = [stack.enter_context(mirror.connection()) for _ in range(serving.MOST_OF_ONE)]
            for connection in held:
                connection.sendall(b"GET")
            mirror.until(lambda: mirror.ask(TIMESTAMP)[0] == 503)
            with _from("127.0.0.2", mirror.port) as other:
                other.sendall(f"GET {TIMESTAMP} HTTP/1.0\r\n\r\n".encode())
                assert understood(everything(other))[0] == 200
        mirror.until(lambda: mirror.ask(TIMESTAMP)[0] == 200)

    def test_a_crowd_is_turned_away_and_afterwards_it_serves_on(self, mirror: Running) -> None:
        with contextlib.ExitStack() as stack:
            for number in range(2, 14):
                for _ in range(serving.MOST_OF_ONE):
                    with contextlib.suppress(OSError):
                        stack.enter_context(_from(f"127.0.0.{number}", mirror.port)).sendall(b"G")
            mirror.until(lambda: mirror.ask(TIMESTAMP)[0] == 503)
        mirror.until(lambda: mirror.ask(TIMESTAMP)[0] == 200)

    def test_who_reads_nothing_keeps_nobody_waiting(self, mirror: Running) -> None:
        with contextlib.ExitStack() as stack:
            for _ in range(20):
                connection = stack.enter_context(mirror.connection())
                connection.sendall(f"GET {TARGET} HTTP/1.1\r\nHost: h\r\n\r\n".encode() * 20)
            began = time.monotonic()
            assert mirror.ask(TARGET)[2] == CONTENT
            assert time.monotonic() - began < 5


@contextlib.contextmanager
def _from(address: str, port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), timeout=60, source_address=(address, 0)) as connection:
        yield connection


class TestItsProcess:
    def test_it_is_started_again_when_it_dies(self, public: Path) -> None:
        with Running(public) as mirror:
            before, port = _process_at(mirror.port), mirror.port
            os.kill(before, signal.SIGKILL)
            mirror.until(lambda: mirror.port not in {0, port})
            assert mirror.ask(TIMESTAMP)[0] == 200
            assert mirror.problem is None

    def test_it_goes_where_it_is_wished_to_be_and_ends_when_it_is_not(self, public: Path) -> None:
        with Running(public) as mirror:
            before, process = mirror.port, _process_at(mirror.port)
            mirror.want(Wish("127.0.0.3", 0))
            mirror.until(lambda: mirror.port not in {0, before})
            with pytest.raises(OSError, match="refused"):
                mirror.ask(TIMESTAMP)
            assert not Path(f"/proc/{process}").exists()
            process = _process_at(mirror.port)
            mirror.want(None)
            mirror.until(lambda: mirror.port == 0)
            assert not Path(f"/proc/{process}").exists()

    def test_a_port_that_is_taken_is_a_sentence(self, public: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with Running(public, port) as mirror:
                assert isinstance(mirror.problem, Unavailable)
                assert mirror.problem.text == f"Port {port} is taken by another program."

    @pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
    def test_root_is_root_no_more(self, mirror: Running) -> None:
        account = listening.account()
        assert account is not None
        status = Path(f"/proc/{_process_at(mirror.port)}/status").read_text()
        assert re.search(rf"^Uid:\t{account[0]}\t{account[0]}\t{account[0]}", status, re.MULTILINE)
        assert re.search(r"^Groups:\s*$", status, re.MULTILINE)

    def test_it_has_no_rights_and_gains_none(self, mirror: Running) -> None:
        status = Path(f"/proc/{_process_at(mirror.port)}/status").read_text()
        assert "\nNoNewPrivs:\t1\n" in status
        assert "\nCapEff:\t0000000000000000\n" in status
        assert "\nSeccomp:\t2\n" in status


def _process_at(port: int) -> int:
    """Return the process that listens at a port: the only mirror whose socket that is."""
    inodes = {
        line.split()[9]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    for process in (path for path in Path("/proc").iterdir() if path.name.isdigit()):
        with contextlib.suppress(OSError):
            for descriptor in (process / "fd").iterdir():
                if os.readlink(descriptor) in {f"socket:[{inode}]" for inode in inodes}:
                    return int(process.name)
    raise AssertionError("nobody listens there")


class TestListening:
    @pytest.mark.parametrize("address", ["here", "1.2.3", "127.0.0.1:80", "::1%lo", "ü"])
    def test_what_is_no_address_is_told(self, address: str) -> None:
        with pytest.raises(Invalid, match="no address of a computer"):
            listen(address, 0)

    def test_an_address_that_is_not_here_is_told(self) -> None:
        with pytest.raises(Unavailable, match=r"no address 192\.0\.2\.1"):
            listen("192.0.2.1", 0)

    def test_all_addresses_are_those_of_both_kinds(self) -> None:
        with listen("", 0) as door, socket.create_connection(("127.0.0.1", door.getsockname()[1]), timeout=10):
            pass

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may")
    def test_a_port_of_the_system_is_told(self) -> None:
        with pytest.raises(GarrisonError, match="for the system only"):
            listen("127.0.0.1", 80)

    def test_the_program_imports_nothing_that_it_does_not_need(self) -> None:
        code = "import sys, garrison.mirror.serving; print(*[m for m in sys.modules if m.startswith('garrison.')])"
        told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
        rooms = {name.split(".")[1] for name in told.stdout.split()}
        assert rooms == {"base", "linux", "mirror", "wire"}
