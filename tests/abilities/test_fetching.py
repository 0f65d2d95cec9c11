"""Fetching as the suite does it: the real process, against real servers on loopback."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable
from pathlib import Path

import pytest

from garrison.abilities.fetching import Line, Proxy, Wanted
from garrison.base.errors import Failed, Invalid, Refused, Unavailable
from tests.daemon.live import children
from tests.fetch.fetching import MIB, Fetching
from tests.fetch.servers import (
    Server,
    content,
    cut_after,
    endless,
    head,
    in_turn,
    raw,
    silent,
    stalling,
    status,
)

BODY = bytes(range(256)) * 1000
FEW = Line(seconds=10.0, tries=3)


async def failing(getting: Awaitable[object]) -> str:
    """Return the sentence that something fails with."""
    with pytest.raises(Failed) as failed:
        await getting
    return failed.value.text


class TestWhatWorks:
    def test_a_file_arrives_whole_and_is_in_the_ledger(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/file": content(BODY, '"one"', "Tue, 24 Nov 2026 06:00:00 GMT")}) as server:
            got, body = fetching.one(server.url())
        assert body == BODY
        assert (got.bytes, got.transferred, got.etag) == (len(BODY), len(BODY), '"one"')
        assert got.modified == "Tue, 24 Nov 2026 06:00:00 GMT"
        (request,) = fetching.ledger
        assert (request.host, request.component, request.purpose, request.outcome) == (
            "127.0.0.1",
            "updates",
            "databases",
            "200",
        )
        assert request.bytes_received > len(BODY)
        assert 50 < request.bytes_sent < 500
        assert fetching.progress[-1] == (len(BODY), len(BODY))

    def test_what_has_not_changed_is_not_sent_again(self, tmp_path: Path) -> None:
        with Server({"/file": content(BODY, '"one"')}) as server:
            got, body = Fetching(tmp_path).one(server.url(), etag='"one"')
        assert (got.path, body, got.failure, got.transferred, got.etag) == (None, None, "", 0, '"one"')

    def test_several_files_come_over_one_connection_and_one_that_fails_keeps_none_back(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/a": content(b"first"), "/c": content(b"third")}, closes=False) as server:
            found = fetching.all(*(Wanted(server.url(f"/{name}"), name, 100) for name in "abc"))
        assert [body for _, body in found] == [b"first", None, b"third"]
        assert found[1][0].failure == "127.0.0.1 has no such file (404)."
        assert [request.outcome for request in fetching.ledger] == ["200", "404", "200"]

    def test_files_and_folders_of_this_computer_need_no_request(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path, consents=False)
        (tmp_path / "feed").write_bytes(BODY)
        (tmp_path / "feed").chmod(0o600)
        got, body = fetching.one(str(tmp_path / "feed"))
        again, _ = fetching.one((tmp_path / "feed").as_uri(), etag=got.etag)
        assert body == BODY
        assert (again.path, again.failure) == (None, "")
        assert fetching.ledger == []
        assert "There is no file" in fetching.failure(str(tmp_path / "nothing"))
        assert "is not a file" in fetching.failure(str(tmp_path))
        assert "the most" in fetching.failure(str(tmp_path / "feed"), 10)

    def test_a_pipe_in_a_files_place_does_not_hold_it_up(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        assert "is not a file" in Fetching(tmp_path).failure(str(tmp_path / "pipe"))

    def test_a_sign_in_in_the_address_goes_to_the_server_only(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/file": content(b"x")}) as server:
            fetching.one(server.url().replace("127", "anna:secret@127", 1))
            assert server.asked[0].headers["authorization"] == "Basic YW5uYTpzZWNyZXQ="
        assert "secret" not in str(fetching.ledger)


class TestLimits:
    def test_nothing_is_sent_without_consent(self, tmp_path: Path) -> None:
        with Server({"/file": content(BODY)}) as server:
            for word in (None, False):
                with pytest.raises(Refused, match="not agreed"):
                    Fetching(tmp_path, consents=word).one(server.url())
            assert server.asked == []

    def test_a_line_billed_by_volume_is_used_by_hand_only(self, tmp_path: Path) -> None:
        answers = {"http://feeds.example/file": content(BODY)}
        with Server(answers) as proxy:
            line = Line(proxy=Proxy(f"http://127.0.0.1:{proxy.port}"), is_metered=True)
            fetching = Fetching(tmp_path, line)
            with pytest.raises(Unavailable, match="billed by volume"):
                fetching.one("http://feeds.example/file")
            assert proxy.asked == []
            ((_, body),) = fetching.all(Wanted("http://feeds.example/file", "file", MIB), by_hand=True)
        assert body == BODY

    def test_the_own_network_is_not_billed(self, tmp_path: Path) -> None:
        with Server({"/file": content(BODY)}) as server:
            _, body = Fetching(tmp_path).with_line(is_metered=True).one(server.url())
        assert body == BODY

    def test_no_more_speed_is_taken_than_allowed(self, tmp_path: Path) -> None:
        body = bytes(300_000)
        with Server({"/file": content(body)}) as server:
            began = time.monotonic()
            got, _ = Fetching(tmp_path).with_line(bytes_per_second=200_000, seconds=1.0).one(server.url())
        assert got.failure == ""
        assert time.monotonic() - began > 1.0

    @pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "", "a b", "x" * 300])
    def test_names_stay_in_the_spool(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(Invalid):
            Fetching(tmp_path).all(Wanted("http://127.0.0.1:1/", name, 10))

    @pytest.mark.parametrize("address", ["ftp://a.example/x", "relative", "http://", "file://other.example/x", ""])
    def test_an_address_that_is_none_is_refused(self, tmp_path: Path, address: str) -> None:
        with pytest.raises(Invalid):
            Fetching(tmp_path).one(address)

    def test_two_files_of_one_name_are_refused(self, tmp_path: Path) -> None:
        twice = Wanted("http://127.0.0.1:1/", "a", 10)
        with pytest.raises(Invalid, match="same name"):
            Fetching(tmp_path).all(twice, twice)


class TestGoingOn:
    def test_a_cut_download_goes_on_where_it_was_cut(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path, FEW)
        with Server({"/file": in_turn(cut_after(100_000, BODY, '"one"'), content(BODY, '"one"'))}) as server:
            got, body = fetching.one(server.url())
            assert body == BODY
            assert server.asked[1].headers["range"] == "bytes=100000-"
            assert server.asked[1].headers["if-range"] == '"one"'
        assert got.transferred == len(BODY)

    def test_it_goes_on_in_another_run_too(self, tmp_path: Path) -> None:
        with Server({"/file": in_turn(cut_after(100_000, BODY, '"one"'), content(BODY, '"one"'))}) as server:
            first, _ = Fetching(tmp_path).one(server.url())
            assert "broke off" in first.failure
            got, body = Fetching(tmp_path).one(server.url())
        assert body == BODY
        assert got.transferred == len(BODY) - 100_000
        assert not list((tmp_path / "home" / "fetch" / "parts").iterdir())

    def test_a_file_that_changed_meanwhile_is_fetched_anew(self, tmp_path: Path) -> None:
        with Server({"/file": in_turn(cut_after(100_000, BODY, '"one"'), content(BODY[::-1], '"two"'))}) as server:
            _, body = Fetching(tmp_path, FEW).one(server.url())
        assert body == BODY[::-1]

    def test_what_cannot_be_told_apart_is_not_kept(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        with Server({"/file": in_turn(cut_after(100_000, BODY, 'W/"weak"'), content(BODY))}) as server:
            assert "broke off" in fetching.failure(server.url())
            assert not list((fetching.folder / "parts").iterdir())
            fetching.one(server.url())
            assert "range" not in server.asked[1].headers

    def test_another_part_than_was_asked_for_is_not_put_together(self, tmp_path: Path) -> None:
        lie = raw(head(206, Content_Length=5, Content_Range="bytes 7-11/12", ETag='"one"') + b"wrong")
        answers = {"/file": in_turn(cut_after(100_000, BODY, '"one"'), lie, content(BODY, '"one"'))}
        with Server(answers) as server:
            _, body = Fetching(tmp_path, FEW).one(server.url())
        assert body == BODY

    def test_a_part_longer_than_the_file_is_thrown_away(self, tmp_path: Path) -> None:
        short = content(BODY[:50], '"one"')
        with Server({"/file": in_turn(cut_after(100_000, BODY, '"one"'), short)}) as server:
            _, body = Fetching(tmp_path, FEW).one(server.url())
        assert body == BODY[:50]

    def test_a_server_with_a_problem_is_asked_again_after_a_pause(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path, FEW)
        with Server({"/file": in_turn(status(503, Retry_After="1"), content(b"x"))}) as server:
            began = time.monotonic()
            got, _ = fetching.one(server.url())
        assert got.failure == ""
        assert time.monotonic() - began >= 1.0
        assert [request.outcome for request in fetching.ledger] == ["503", "200"]

    def test_what_will_not_change_is_not_asked_for_again(self, tmp_path: Path) -> None:
        with Server({"/file": status(403)}) as server:
            assert "refuses" in Fetching(tmp_path, FEW).failure(server.url())
            assert len(server.asked) == 1

    def test_spools_of_a_process_that_was_killed_are_swept(self, tmp_path: Path) -> None:
        fetching = Fetching(tmp_path)
        (fetching.folder / "spool-left").mkdir()
        (fetching.folder / "spool-left" / "x").touch()
        Fetching(tmp_path)
        assert not list(fetching.folder.glob("spool-*"))

    def test_it_goes_on_after_a_kill_of_the_process_and_after_one_of_the_suite(self, tmp_path: Path) -> None:
        slow = stalling(head(200, Content_Length=len(BODY), ETag='"one"') + BODY[:100_000])
        fetching = Fetching(tmp_path)
        with Server({"/file": in_turn(slow, slow, content(BODY, '"one"'))}) as server:
            asyncio.run(self.killed(fetching, server.url()))
            (part,) = (path for path in (fetching.folder / "parts").iterdir() if path.suffix == ".part")
            assert 0 < part.stat().st_size <= 100_000
            left = fetching.folder / "spool-left"
            (fetching.folder / "parts").rename(left)
            got, body = Fetching(tmp_path).with_line(tries=2, seconds=2.0).one(server.url())
            assert body is None
            got, body = Fetching(tmp_path).one(server.url())
        assert body == BODY
        assert got.transferred < len(BODY)
        assert not left.exists()

    @staticmethod
    async def killed(fetching: Fetching, url: str) -> None:
        with fetching.fetcher.spool() as spool:
            wanted = [Wanted(url, "file", MIB)]
            getting = fetching.fetcher.get(wanted, spool, component="updates", purpose="databases")
            async with asyncio.TaskGroup() as group:
                task = group.create_task(failing(getting))
                while not any(path.stat().st_size for path in spool.glob(".*.part")):  # noqa: ASYNC110 # another process
                    await asyncio.sleep(0.01)
                for process in children(os.getpid()):
                    os.kill(process, signal.SIGKILL)
            assert "Fetching ended with -9" in task.result()


class TestBadServers:
    def test_one_that_announces_too_much_is_left_at_once(self, tmp_path: Path) -> None:
        with Server({"/file": endless(head(200, Content_Length=10**12), bytes(1000))}) as server:
            got, _ = Fetching(tmp_path).one(server.url())
        assert got.failure == "127.0.0.1 sends 931.3 GiB, where 1.0 MiB are the most that is taken."
        assert got.transferred == 0

    @pytest.mark.parametrize(
        "first",
        [
            head(200),
            head(200, Transfer_Encoding="chunked"),
            b"HTTP/1.0 200 OK\r\n\r\n",
            head(200, Content_Length="-1"),
            head(200, Content_Length="nonsense"),
        ],
    )
    def test_data_without_end_ends_at_the_limit(self, tmp_path: Path, first: bytes) -> None:
        piece = b"4000\r\n" + bytes(0x4000) + b"\r\n" if b"chunked" in first else bytes(0x4000)
        fetching = Fetching(tmp_path)
        with Server({"/file": endless(first, piece)}) as server:
            got, _ = fetching.one(server.url())
        assert "More came than" in got.failure or "HTTP" in got.failure
        assert got.transferred < 2 * MIB
        assert not list((fetching.folder / "parts").iterdir())

    def test_one_that_sends_less_than_it_says_is_not_believed(self, tmp_path: Path) -> None:
        with Server({"/file": raw(head(200, Content_Length=100) + b"ten bytes.")}) as server:
            assert "broke off" in Fetching(tmp_path).failure(server.url())

    def test_what_comes_beyond_the_announced_size_is_not_taken(self, tmp_path: Path) -> None:
        with Server({"/file": raw(head(200, Content_Length=3) + b"abcdefgh")}) as server:
            assert Fetching(tmp_path).one(server.url())[1] == b"abc"

    @pytest.mark.parametrize("first", [head(200, Content_Length=1000), b"HTTP/1.1 200 OK\r\nA: ", b""])
    def test_one_byte_at_a_time_ends_with_the_time(self, tmp_path: Path, first: bytes) -> None:
        fetching = Fetching(tmp_path).with_line(seconds=1.5)
        with Server({"/file": endless(first, b"x", 0.1)}) as server:
            began = time.monotonic()
            assert fetching.failure(server.url()) == "127.0.0.1 was too slow: 1.5 seconds were not enough."
        assert time.monotonic() - began < 5
        assert fetching.ledger[-1].outcome == "out of time"

    def test_silence_ends_with_the_time(self, tmp_path: Path) -> None:
        with Server({"/file": silent}) as server:
            assert "too slow" in Fetching(tmp_path).with_line(seconds=1.0).failure(server.url())

    def test_interim_answers_without_end_end_with_the_time(self, tmp_path: Path) -> None:
        with Server({"/file": endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.01)}) as server:
            assert "too slow" in Fetching(tmp_path).with_line(seconds=1.0).failure(server.url())

    def test_the_time_holds_for_all_tries_together(self, tmp_path: Path) -> None:
        with Server({"/file": status(503, Retry_After="100")}) as server:
            assert "too slow" in Fetching(tmp_path, FEW).with_line(seconds=1.0).failure(server.url())

    @pytest.mark.parametrize(
        "garbage",
        [
            b"\x00\xff" * 5000,
            b"HTTP/1.1 abc OK\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
            b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n",
            head(200, Transfer_Encoding="chunked") + b"zz\r\nhello\r\n",
            head(200, Transfer_Encoding="chunked") + b"-5\r\nhello\r\n",
            head(200, Transfer_Encoding="chunked") + b"9" * 100_000,
            head(200, Transfer_Encoding="chunked") + b"FFFFFFFFFFFFFFFFF\r\nx",
            b"220 mail.example ESMTP\r\n",
            b"",
        ],
    )
    def test_garbage_is_a_sentence(self, tmp_path: Path, garbage: bytes) -> None:
        with Server({"/file": raw(garbage)}) as server:
            failure = Fetching(tmp_path).failure(server.url())
        assert failure.startswith("127.0.0.1 ")
        assert failure.endswith(".")
        assert failure.isprintable()
        assert len(failure) < 400

    def test_content_that_would_have_to_be_unpacked_is_not_taken(self, tmp_path: Path) -> None:
        with Server({"/file": raw(head(200, Content_Length=3, Content_Encoding="gzip") + b"abc")}) as server:
            assert "packs" in Fetching(tmp_path).failure(server.url())
            assert server.asked[0].headers["accept-encoding"] == "identity"

    @pytest.mark.parametrize("code", [201, 204, 206, 304, 416, 599])
    def test_an_answer_that_nobody_asked_for_is_none(self, tmp_path: Path, code: int) -> None:
        with Server({"/file": status(code)}) as server:
            assert Fetching(tmp_path).failure(server.url()) != ""

    def test_nobody_there_is_a_sentence(self, tmp_path: Path) -> None:
        with Server() as server:
            url = server.url()
        assert Fetching(tmp_path).failure(url) == "127.0.0.1 could not be reached: connection refused."


def test_cancelling_ends_the_process_and_keeps_what_came(tmp_path: Path) -> None:
    fetching = Fetching(tmp_path)

    async def run(url: str) -> None:
        with fetching.fetcher.spool() as spool:
            wanted = [Wanted(url, "file", MIB)]
            await fetching.fetcher.get(wanted, spool, component="updates", purpose="databases")

    async def cancelled(url: str) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.5):
                await run(url)

    slow = stalling(head(200, Content_Length=len(BODY), ETag='"one"') + BODY[:100_000])
    with Server({"/file": in_turn(slow, content(BODY, '"one"'))}) as server:
        asyncio.run(cancelled(server.url()))
        (request,) = fetching.ledger
        assert (request.host, request.outcome) == ("127.0.0.1", "ended from here; the bytes are not known")
        got, body = fetching.one(server.url())
    assert body == BODY
    assert got.transferred < len(BODY)
