"""`garrison publisher` as people run it: the real program, with the real compiler."""

import asyncio
import fcntl
import json
import shlex
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases.proving import prove
from tests.fetch.repositories import Client, Office
from tests.fetch.servers import Server, content, status
from tests.office.publisher.offices import take_from


def run(*arguments: str | Path, code: int = 0) -> str:
    command = [sys.executable, "-I", "-m", "garrison.office.publisher", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def answer(*arguments: str | Path, code: int = 0) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(run(*arguments, "--json", code=code))
    return plain


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    run("init", tmp_path / "office", "--valid-days", "7")
    return tmp_path / "office"


class TestInit:
    def test_keys_are_the_owners_only_and_are_never_served(self, folder: Path) -> None:
        assert stat.S_IMODE((folder / "keys").stat().st_mode) == 0o700
        keys = sorted((folder / "keys").iterdir())
        assert len(keys) == 6
        assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
        assert not any(b"PRIVATE" in path.read_bytes() for path in (folder / "public").rglob("*") if path.is_file())

    def test_the_next_command_is_shown_as_shells_take_it(self, tmp_path: Path) -> None:
        said = run("init", tmp_path / "an office")
        (command,) = [line.partition("Next: ")[2] for line in said.splitlines() if line.startswith("Next: ")]
        assert shlex.split(command)[:4] == ["garrison", "publisher", "publish", str(tmp_path / "an office")]

    def test_a_folder_that_is_in_use_is_left_alone(self, folder: Path) -> None:
        assert "a publisher in" in run("init", folder, code=1)

    def test_impossible_thresholds_are_refused(self, tmp_path: Path) -> None:
        assert "More keys would have to sign" in run("init", tmp_path / "a", "--root-threshold", "4", code=1)
        assert not (tmp_path / "a").exists()

    def test_help_and_nonsense(self, tmp_path: Path) -> None:
        assert "init" in run()
        assert answer("show", tmp_path, code=3)["error"]["code"] == "not-found"
        assert answer("shows", tmp_path, code=1)["error"]["code"] == "invalid"


class TestPublish:
    def test_feeds_and_own_rules_become_a_set_that_clients_take(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "feed").mkdir()
        (tmp_path / "feed" / "a.hsb").write_text(f"{'ab' * 32}:700:Office.Own\n")
        (tmp_path / "other.yar").write_text('rule other { strings: $a = "strange-marker" condition: $a }')
        first = answer("publish", folder, "--feed", tmp_path / "feed", tmp_path / "other.yar")
        assert first["is_new"]
        assert first["signatures"] > 100
        assert answer("show", folder)["feeds"] == [str(tmp_path / "feed"), str(tmp_path / "other.yar")]
        client = pinned(tmp_path, folder)
        taken = take_from(client, folder)
        assert taken.name == first["set"]
        asyncio.run(prove(taken.folder))  # it finds the EICAR test file
        again = answer("publish", folder)
        assert (again["is_new"], again["set"]) == (False, first["set"])
        (tmp_path / "feed" / "b.hsb").write_text(f"{'cd' * 32}:700:Office.New\n")
        second = answer("publish", folder, "--outbreak")
        assert second["signatures"] == first["signatures"] + 1
        assert 0 < second["update_bytes"] < 2000
        current = taken.folder.rename(taken.folder.with_name(taken.name))
        newer = take_from(client, folder, current=current, to="newer")
        assert (newer.is_delta, newer.is_outbreak) == (True, True)

    def test_a_feed_from_the_network_is_asked_under_conditions_and_its_last_good_file_stays(
        self, folder: Path, tmp_path: Path
    ) -> None:
        body = f"{'ab' * 32}:700:Net.Work\n".encode()
        with Server({"/list.hsb": content(body, '"one"')}, closes=False) as server:
            first = answer("publish", folder, "--feed", server.url("/list.hsb"))
            assert first["is_new"]
            assert not answer("publish", folder)["is_new"]
            assert server.asked[-1].headers["if-none-match"] == '"one"'
            server.answers["/list.hsb"] = status(404)
            failing = answer("publish", folder)
            assert (failing["is_new"], failing["set"]) == (False, first["set"])
            assert "404" in failing["failures"][server.url("/list.hsb")]

    def test_feeds_that_never_brought_anything_publish_nothing(self, folder: Path, tmp_path: Path) -> None:
        assert "connection refused" in run("publish", folder, "--feed", "http://127.0.0.1:1/a.hsb", code=3)
        assert answer("publish", folder, "--feed", tmp_path / "none", code=3)["error"]["code"] == "not-found"
        assert answer("publish", folder, "--feed", "http://127.0.0.1:1/", code=1)["error"]["code"] == "invalid"
        assert answer("show", folder)["set"] == ""


class TestKeys:
    def test_the_roots_keys_may_be_elsewhere_and_encrypted(self, tmp_path: Path) -> None:
        folder, safe, secret = tmp_path / "office", tmp_path / "safe", tmp_path / "secret"
        safe.mkdir()
        secret.write_text("correct horse\n")
        run("init", folder, "--passphrase-file", secret)
        for key in (folder / "keys").glob("root-*.pem"):
            assert b"ENCRYPTED" in key.read_bytes()
            key.rename(safe / key.name)
        run("renew", folder)
        assert "fewer are here" in run("rotate", folder, "timestamp", code=3)
        assert "fewer are here" in run("rotate", folder, "timestamp", "--keys", safe, code=3)
        assert answer("show", folder)["roles"]["root"]["version"] == 1
        wrong = tmp_path / "wrong"
        wrong.write_text("incorrect\n")
        assert "does not open" in run("rotate", folder, "root", "--keys", safe, "--passphrase-file", wrong, code=1)
        done = answer("rotate", folder, "root", "--keys", safe, "--passphrase-file", secret)
        assert done["root_version"] == 2
        assert len(list((safe / "retired").iterdir())) == 3
        assert len(list((folder / "keys").glob("root-*.pem"))) == 3
        run("rotate", folder, "timestamp", "--passphrase-file", secret)

    def test_two_at_once_do_not_publish(self, folder: Path) -> None:
        (folder / "work").mkdir(exist_ok=True)
        with open(folder / "work" / "lock", "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert answer("renew", folder, code=3)["error"]["code"] == "unavailable"


def pinned(tmp_path: Path, folder: Path) -> Client:
    """Return a client that pinned this publisher's root; what it knows of another is put aside."""
    client = Client(tmp_path / "client", Office(tmp_path / "unrelated"))
    (client.trust / "root.json").write_bytes((folder / "public" / "metadata" / "root.json").read_bytes())
    return client
