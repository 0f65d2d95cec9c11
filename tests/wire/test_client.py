"""The client against a door that does as the test says."""

import os
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Failed, GarrisonError, Invalid, Unavailable
from garrison.wire.client import Client, folder_of, short_address
from garrison.wire.frames import decode, encode

GREETING = {"garrison": "1", "process": 1, "manifests": "x"}


class Door(threading.Thread):
    """Answers one connection by a script. heard: the requests it got."""

    def __init__(self, folder: Path, script: Callable[["Door"], None], greeting: dict[str, Any] | None = None) -> None:
        super().__init__(daemon=True)
        self.path = folder / "door.sock"
        self.heard: list[dict[str, Any]] = []
        self._script = script
        self._greeting = GREETING if greeting is None else greeting
        self._listening = socket.socket(socket.AF_UNIX)
        with folder_of(self.path) as descriptor:
            self._listening.bind(short_address(descriptor, self.path.name))
        self._listening.listen()
        self.start()

    def run(self) -> None:
        with self._listening, self._listening.accept()[0] as self.connection:
            self.say(self._greeting)
            self._lines = self.connection.makefile("rb")
            with self._lines:
                self._script(self)

    def say(self, message: dict[str, Any]) -> None:
        self.connection.sendall(encode(message))

    def hear(self) -> dict[str, Any]:
        self.heard.append(decode(self._lines.readline()))
        return self.heard[-1]


def answered(door: Door) -> None:
    number = door.hear()["id"]
    door.say({"id": number + 7, "result": "of another request"})
    door.say({"id": number, "progress": {"done": 1}})
    door.say({"id": number, "result": "\udcff", "says": [], "exit": 101})


def test_an_answer_with_its_progress(tmp_path: Path) -> None:
    door = Door(tmp_path, answered)
    told: list[dict[str, Any]] = []
    with Client(door.path, 10) as client:
        assert client.greeting["garrison"] == "1"
        message = client.call("scan.files", {"paths": ["/\udcff"]}, told.append, background=True)
    assert (message["result"], message["exit"], told) == ("\udcff", 101, [{"done": 1}])
    assert door.heard == [{"id": 1, "call": "scan.files", "arguments": {"paths": ["/\udcff"]}, "background": True}]


def test_a_long_path_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 120) / ("y" * 120)
    folder.mkdir(parents=True)
    with Client(Door(folder, answered).path, 10) as client:
        assert client.call("a.b", {})["exit"] == 101


def test_an_error_is_raised_as_its_kind(tmp_path: Path) -> None:
    def script(door: Door) -> None:
        door.say({"id": door.hear()["id"], "error": Invalid("No.", "Yes.").to_plain()})

    with Client(Door(tmp_path, script).path, 10) as client, pytest.raises(Invalid, match=r"No\."):
        client.call("a.b", {})


def test_an_error_about_no_request_in_particular_is_raised_too(tmp_path: Path) -> None:
    def script(door: Door) -> None:
        door.hear()
        door.say({"id": None, "error": Invalid("The request is too long.").to_plain()})

    with Client(Door(tmp_path, script).path, 10) as client, pytest.raises(Invalid, match="too long"):
        client.call("a.b", {})


def test_a_caller_who_is_turned_away_hears_why(tmp_path: Path) -> None:
    greeting = {"id": None, "error": Unavailable("Too many callers.").to_plain()}
    with pytest.raises(Unavailable, match="Too many callers"):
        Client(Door(tmp_path, lambda _: None, greeting).path, 10)


@pytest.mark.parametrize(
    ("last_words", "kind", "text"),
    [
        (b"", Unavailable, "before it had answered"),
        (b'{"id": 1, "result": ', Unavailable, "before it had answered"),
        (b"garbage\n", Failed, "not understood"),
        (b'{"id": 1, "error": 3}\n', Failed, "not understood"),
    ],
)
def test_a_door_that_breaks(tmp_path: Path, last_words: bytes, kind: type[GarrisonError], text: str) -> None:
    def script(door: Door) -> None:
        door.hear()
        door.connection.sendall(last_words)

    with Client(Door(tmp_path, script).path, 10) as client, pytest.raises(kind, match=text):
        client.call("a.b", {})


def test_a_door_that_went_away_before_the_request(tmp_path: Path) -> None:
    door = Door(tmp_path, lambda _: None)
    with Client(door.path, 10) as client:
        door.join()
        with pytest.raises(Unavailable):
            client.call("a.b", {"big": "x" * 1_000_000})


def test_nobody_listens(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not running"):
        Client(tmp_path / "door.sock")
    with pytest.raises(Unavailable, match="not running"):
        Client(tmp_path / "missing" / "door.sock")


def test_a_door_that_does_not_answer_in_time(tmp_path: Path) -> None:
    done = threading.Event()

    def script(_: Door) -> None:
        done.wait(10)

    door = Door(tmp_path, script)
    with Client(door.path, 0.2) as client, pytest.raises(Unavailable, match="stopped answering"):
        client.call("a.b", {})
    done.set()


def test_the_manifests_are_asked_for(tmp_path: Path) -> None:
    def script(door: Door) -> None:
        door.say({"id": door.hear()["id"], "result": [{"id": "suite"}]})

    door = Door(tmp_path, script)
    with Client(door.path, 10) as client:
        assert client.describe() == [{"id": "suite"}]
    assert door.heard == [{"id": 1, "describe": True}]


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_cancels_and_loses_nothing_of_the_answer(tmp_path: Path) -> None:
    answer = encode({"id": 1, "result": "x" * 300_000, "says": [], "exit": 4})

    def script(door: Door) -> None:
        door.hear()
        door.connection.sendall(answer[:150_000])
        time.sleep(0.1)
        _interrupt()
        assert door.hear() == {"id": 1, "cancel": True}
        door.connection.sendall(answer[150_000:])

    door = Door(tmp_path, script)
    with Client(door.path, 10) as client:
        message = client.call("scan.home", {})
    assert (len(message["result"]), message["exit"]) == (300_000, 4)


def test_a_second_interrupt_does_not_wait(tmp_path: Path) -> None:
    def script(door: Door) -> None:
        door.hear()
        time.sleep(0.1)  # until the client waits for its answer
        _interrupt()
        door.hear()
        time.sleep(0.1)
        _interrupt()
        door.connection.recv(1)

    with Client(Door(tmp_path, script).path, 10) as client, pytest.raises(KeyboardInterrupt):
        client.call("scan.home", {})


def test_an_interrupt_while_progress_is_shown_cancels_too(tmp_path: Path) -> None:
    def script(door: Door) -> None:
        number = door.hear()["id"]
        door.say({"id": number, "progress": {"done": 1}})
        assert door.hear() == {"id": number, "cancel": True}
        door.say({"id": number, "result": None, "says": [], "exit": 4})

    def shown(_: object) -> None:
        raise KeyboardInterrupt

    with Client(Door(tmp_path, script).path, 10) as client:
        assert client.call("scan.home", {}, shown)["exit"] == 4


def test_what_another_account_serves_is_not_talked_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "door.sock"
    credentials = struct.Struct("iII").pack(1, 12345, 12345)
    monkeypatch.setattr(socket.socket, "getsockopt", lambda *_: credentials)
    with socket.socket(socket.AF_UNIX) as listening, folder_of(path) as folder:
        listening.bind(short_address(folder, path.name))
        listening.listen()
        with pytest.raises(Unavailable, match=r"belongs to another account \(number 12345\)"):
            Client(path, 10)
        with listening.accept()[0] as connection:
            assert connection.recv(1) == b""
