"""The door's socket, against callers of every kind."""

import asyncio
import contextlib
import itertools
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Invalid, Refused
from garrison.daemon import server as module
from garrison.daemon.accounts import account_of, caller_of
from garrison.daemon.door import Door
from garrison.daemon.jobs import Jobs
from garrison.daemon.server import Server, bind
from garrison.sdk import Caller, Component, Job, Settings, Text, action, task
from garrison.sdk.testing import FakeHost
from garrison.wire.client import Client, folder_of, short_address
from tests.daemon.parts import clock


class Guard(Component[Settings]):
    """Guards."""

    id = "guard"
    title = "Guard"

    @action("Who")
    def who(self, caller: Caller, name: str = "") -> Any:
        """Say who asks."""
        return [caller.uid, name]

    @action("Count")
    def count(self) -> Any:
        """Say a sentence with a number."""
        return {"text": str(Text("{count} file", many="{count} files", count=2))}

    @action("Refuse")
    def refuse(self) -> Any:
        """Say no."""
        raise Refused("Not {name}.", name="you")

    @action("Long")
    def long(self, size: int) -> Any:
        """Say much."""
        return "x" * size

    @action("Strange")
    def strange(self) -> Any:
        """Say what JSON cannot hold."""
        return {"number": float("nan"), "bytes": b"x"}

    @task("Wait")
    async def wait(self, job: Job) -> None:
        """Wait for ever."""
        job.progress(1, 2, "\udcff")
        await asyncio.Event().wait()


class Talk:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def __aenter__(self) -> Self:
        raw = socket.socket(socket.AF_UNIX)
        with folder_of(self.path) as folder:
            raw.connect(short_address(folder, self.path.name))
        self.reader, self.writer = await asyncio.open_unix_connection(sock=raw, limit=2**26)
        self.greeting = await self.hear()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self.writer.close()

    async def hear(self) -> dict[str, Any]:
        line = await self.reader.readline()
        heard: dict[str, Any] = json.loads(line) if line else {}
        return heard

    def say(self, line: Any) -> None:
        self.writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    async def ask(self, operation: str, number: int = 1, **arguments: Any) -> dict[str, Any]:
        self.say({"id": number, "call": operation, "arguments": arguments})
        return await self.hear()


class Stage:
    def __init__(self, group: asyncio.TaskGroup, path: Path) -> None:
        self.alone = 0
        self.path = path
        self.jobs = Jobs(group, clock())
        door = Door(Rights(), self.jobs, lambda event, caller: None)
        door.add(Guard(FakeHost(), Settings()))
        self.server = Server(door, (), "digest", self._alone)

    def _alone(self) -> None:
        self.alone += 1

    def talk(self) -> Talk:
        return Talk(self.path)

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not is_so():  # noqa: ASYNC110 # there is no event to wait for
                await asyncio.sleep(0.005)


def on_stage(tmp_path: Path, script: Callable[[Stage], Awaitable[Any]]) -> None:
    async def run() -> None:
        path = tmp_path / "door.sock"
        async with asyncio.TaskGroup() as group:
            stage = Stage(group, path)
            with bind(path, shared=False) as listening:
                serving = group.create_task(stage.server.serve(listening))
                async with asyncio.timeout(30):
                    await script(stage)
                serving.cancel()

    asyncio.run(run())


def test_an_answer(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            assert talk.greeting["manifests"] == "digest"
            assert (await talk.ask("guard.who", name="\udcff"))["result"] == [os.geteuid(), "\udcff"]
            talk.say({"id": 2, "describe": True})
            assert await talk.hear() == {"id": 2, "result": []}
        await stage.until(lambda: stage.alone == 1 and not stage.server.clients)

    on_stage(tmp_path, script)


def test_who_wants_to_know_is_told_what_texts_were_made_of(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            assert await talk.ask("guard.count") == {"id": 1, "result": {"text": "2 files"}, "says": [], "exit": 0}
            talk.say({"id": 2, "call": "guard.count", "texts": True})
            made = {"text": "{count} file", "values": {"count": 2}, "many": "{count} files", "count": 2}
            assert (await talk.hear())["texts"] == {"2 files": made}
            talk.say({"id": 3, "call": "guard.refuse", "texts": True})
            assert (await talk.hear())["texts"] == {"Not you.": {"text": "Not {name}.", "values": {"name": "you"}}}

    on_stage(tmp_path, script)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        (b"garbage\n", "no JSON object"),
        (b"\n", "no JSON object"),
        (b"\xff\xfe\x00\n", "no JSON object"),
        (b"[" * 100_000 + b"\n", "no JSON object"),
        (b'{"id": 1, "call": "guard.who", "arguments": {"name": NaN}}\n', "no JSON object"),
        ({"call": "guard.who"}, "has no number"),
        ({"id": "1"}, "has no number"),
        ({"id": True}, "has no number"),
        ({"id": None, "call": "guard.who"}, "has no number"),
        ({"id": 1}, "names no operation"),
        ({"id": 1, "call": ["guard.who"]}, "names no operation"),
        ({"id": 1, "call": "guard.who", "arguments": []}, "names no operation"),
        ({"id": 1, "call": "guard.no"}, "no operation"),
        ({"id": 1, "call": "guard.who", "arguments": {"name": {"a": [1]}}}, "valid string"),
        ({"id": 1, "call": "guard.strange"}, "cannot be sent"),
    ],
)
def test_nonsense_is_answered_and_the_talk_goes_on(tmp_path: Path, line: Any, text: str) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            talk.say(line)
            assert text in (await talk.hear())["error"]["text"]
            talk.say({"id": 9, "cancel": True})  # of nothing: no harm
            assert (await talk.ask("guard.who", 7))["id"] == 7

    on_stage(tmp_path, script)


def test_a_line_of_a_hundred_megabytes_is_refused(tmp_path: Path) -> None:
    def send(path: Path) -> None:
        with Client(path, 20) as client, pytest.raises(Invalid, match="too long"):
            client.call("guard.who", {"name": "x" * 100_000_000})

    async def script(stage: Stage) -> None:
        await asyncio.to_thread(send, stage.path)
        async with stage.talk() as talk:
            assert "result" in await talk.ask("guard.who")

    on_stage(tmp_path, script)


@pytest.mark.parametrize("how", ["close", "half", "cancel", "abort"])
@pytest.mark.parametrize("wait", [False, True])
def test_a_task_ends_with_its_caller(tmp_path: Path, how: str, wait: bool) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            talk.say({"id": 5, "call": "guard.wait"})
            if wait:
                assert (await talk.hear())["id"] == 5  # its first progress
            if how == "half":
                talk.writer.write_eof()
            elif how == "cancel":
                talk.say({"id": 5, "cancel": True})
            elif how == "abort":
                await talk.writer.drain()
                talk.writer.transport.abort()
            if how in {"half", "cancel"}:
                while "progress" in (heard := await talk.hear()):
                    pass
                assert (heard["id"], heard["exit"]) == (5, 4)
        await stage.until(lambda: not stage.jobs.running())

    on_stage(tmp_path, script)


def test_a_task_in_the_background_goes_on(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            talk.say({"id": 5, "call": "guard.wait", "background": True})
            assert (await talk.hear())["result"] == {"job": 1}
        await stage.until(lambda: not stage.server.clients)
        assert len(stage.jobs.running()) == 1
        await stage.jobs.end_all(1)

    on_stage(tmp_path, script)


def test_calls_have_bounds(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            for number in range(33):
                talk.say({"id": number, "call": "guard.wait"})
            talk.say({"id": 3, "call": "guard.who"})
            errors: list[tuple[int, str]] = []
            while len(errors) < 2:
                heard = await talk.hear()
                errors += [(heard["id"], heard["error"]["code"])] if "error" in heard else []
            assert errors == [(32, "unavailable"), (3, "invalid")]
            assert len(stage.jobs.running()) == 32
        await stage.until(lambda: not stage.jobs.running())

    on_stage(tmp_path, script)


def test_connections_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CONNECTIONS_OF_OWNER", 3)

    async def script(stage: Stage) -> None:
        async with stage.talk(), stage.talk(), stage.talk():
            for _ in range(1000):
                async with stage.talk() as talk:
                    assert talk.greeting["error"]["code"] == "unavailable"
                    assert await talk.hear() == {}
        await stage.until(lambda: not stage.server.clients)
        async with stage.talk() as talk:
            assert "result" in await talk.ask("guard.who")

    on_stage(tmp_path, script)


def posing(monkeypatch: pytest.MonkeyPatch, *uids: int) -> None:
    """Let each caller be one of these accounts, in turn."""
    turns = itertools.cycle(uids)
    monkeypatch.setattr(module, "caller_of", lambda _: account_of(next(turns), 1))


def test_others_together_leave_the_owners_places_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_CONNECTIONS_OF_OTHERS", 6)
    posing(monkeypatch, *range(50_001, 50_008), 0)

    async def script(stage: Stage) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(6):
                assert "garrison" in (await stack.enter_async_context(stage.talk())).greeting
            seventh = await stack.enter_async_context(stage.talk())
            assert seventh.greeting["error"]["text"] == "Garrison has too many callers."
            owner = await stack.enter_async_context(stage.talk())
            assert (await owner.ask("guard.who"))["result"] == [0, ""]

    on_stage(tmp_path, script)


def test_others_may_ask_in_fewer_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posing(monkeypatch, 50_001, 0)

    async def script(stage: Stage) -> None:
        names: dict[str, Any] = {f"n{number}": "x" * 60_000 for number in range(8)}
        async with stage.talk() as other, stage.talk() as owner:
            assert "too long" in (await other.ask("guard.who", **names))["error"]["text"]
            assert "no such name" in (await owner.ask("guard.who", **names))["error"]["text"]

    on_stage(tmp_path, script)


def test_whoever_asks_and_does_not_read_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_UNSENT_CAP_OF_OTHERS", 2_000_000)
    posing(monkeypatch, 50_001)

    async def script(stage: Stage) -> None:
        slow = socket.socket(socket.AF_UNIX)
        with slow, folder_of(stage.path) as folder:
            slow.connect(short_address(folder, stage.path.name))
            for number in range(8):  # in one go: they are under way together
                request = {"id": number, "call": "guard.long", "arguments": {"size": 1_000_000}}
                slow.send(json.dumps(request).encode() + b"\n")
            # It may come and go between two looks, so what was said of it is waited for.
            await stage.until(lambda: "account 50001 asks and does not read the answers: it is let go" in caplog.text)
            await stage.until(lambda: not stage.server.clients)
        async with stage.talk() as talk:
            assert len((await talk.ask("guard.long", size=1_900_000))["result"]) == 1_900_000
            assert "too long" in (await talk.ask("guard.long", size=2_000_001))["error"]["text"]

    on_stage(tmp_path, script)


def test_a_slow_reader_holds_up_nobody_and_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LAST_WORDS_SECONDS", 0.1)

    async def script(stage: Stage) -> None:
        slow = socket.socket(socket.AF_UNIX)
        with slow, folder_of(stage.path) as folder:
            slow.connect(short_address(folder, stage.path.name))
            request = {"id": 1, "call": "guard.long", "arguments": {"size": 5_000_000}}
            slow.sendall(json.dumps(request).encode() + b"\n")
            await stage.until(lambda: bool(stage.server.clients))
            async with stage.talk() as talk:
                assert "result" in await talk.ask("guard.who")
            slow.shutdown(socket.SHUT_WR)
            await stage.until(lambda: not stage.server.clients)

    on_stage(tmp_path, script)


def test_an_answer_that_is_too_long_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_CAP", 1000)

    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            assert "too long" in (await talk.ask("guard.long", size=2000))["error"]["text"]

    on_stage(tmp_path, script)


def test_too_many_descriptors_are_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)
    fails = [OSError(24, "Too many open files")] * 3

    def caller(connection: socket.socket) -> Caller:
        if fails:
            connection.close()
            raise fails.pop()
        return caller_of(connection)

    monkeypatch.setattr(module, "caller_of", caller)

    async def script(stage: Stage) -> None:
        for _ in range(3):
            async with stage.talk() as talk:
                assert talk.greeting == {}
        async with stage.talk() as talk:
            assert "result" in await talk.ask("guard.who")

    on_stage(tmp_path, script)


def test_answers_are_waited_for_at_the_end(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        async with stage.talk() as talk:
            talk.say({"id": 1, "call": "guard.wait"})
            await talk.hear()
            await stage.jobs.end_all(1)
            await stage.server.settle(1)
            assert (await talk.hear())["exit"] == 4

    on_stage(tmp_path, script)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another account")
def test_another_account_is_known_for_what_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "door.sock"
    with bind(path, shared=True) as listening, folder_of(path) as folder:
        assert path.stat().st_mode & 0o777 == 0o666
        child = os.fork()
        if not child:
            try:
                os.fchdir(folder)
                os.setgroups([54322])
                os.setresgid(54321, 54321, 54321)
                os.setresuid(12345, 12345, 12345)
                with socket.socket(socket.AF_UNIX) as own:
                    own.connect("door.sock")
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        connection, _ = listening.accept()
        with connection:
            assert caller_of(connection) == Caller(12345, 54321, (54321, 54322))


def test_a_socket_of_a_dead_daemon_is_replaced_also_on_a_long_path(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 150)
    folder.mkdir()
    for _ in range(2):
        bind(folder / "door.sock", shared=False).close()
    assert (folder / "door.sock").stat().st_mode & 0o777 == 0o600
    with pytest.raises(OSError, match="No such file"):
        bind(tmp_path / "missing" / "door.sock", shared=False)
