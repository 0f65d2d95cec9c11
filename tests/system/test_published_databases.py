"""A publisher and an office's computers, each with its own home, by the commands that people type."""

import contextlib
import hashlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.program import Program
from tests.cli.seeds import lend

_KNOWN = {"set", "created", "signatures", "source", "age_hours", "transferred_bytes"}
_SECONDS = 30.0


class Site:
    """A publisher's folder, and the program that serves what is public of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a publisher"
        self.log = folder / "asked"
        self._program = Program(folder / "publisher's home")
        assert self._told("init", str(self.folder))["public"] == str(self.folder / "public")

    def _told(self, *arguments: str) -> dict[str, Any]:
        outcome = self._program("publisher", *arguments, "--json")
        assert outcome.code == 0, outcome.out + outcome.errors
        told: dict[str, Any] = outcome.json
        return told

    def publish(self, *feeds: Path) -> str:
        """Publish, and return what the set is called."""
        named = [part for feed in feeds for part in ("--feed", str(feed))]
        return str(self._told("publish", str(self.folder), *named)["set"])

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        command = [sys.executable, "-u", "-I", "-m", "http.server", "--bind", "127.0.0.1", "0"]
        with self.log.open("wb") as log:
            server = subprocess.Popen(
                [*command, "--directory", str(self.folder / "public")], stdout=subprocess.PIPE, stderr=log
            )
        try:
            assert server.stdout is not None
            words = server.stdout.readline().decode().split()
            yield f"http://127.0.0.1:{words[words.index('port') + 1]}"
        finally:
            server.kill()
            server.communicate()

    def requests(self) -> int:
        """Return how often it was asked."""
        return self.log.read_bytes().count(b'"GET ')


class Computer:
    """A computer that is told by commands only."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.program = Program(folder)
        self._root = root

    def told(self, *arguments: str, code: int = 0) -> Any:
        outcome = self.program(*arguments, "--json")
        assert outcome.code == code, outcome.out + outcome.errors
        return outcome.json

    def trust(self, where: str) -> None:
        self.told("databases", "trust", where, "--root", str(self._root))

    def info(self) -> dict[str, Any]:
        found: dict[str, Any] = self.told("databases", "info")
        assert found.keys() >= _KNOWN
        return found

    def finds(self, sample: Path) -> str:
        """Return the name of what is found in a file, "" for nothing."""
        outcome = self.program("scan", str(sample), "--json")
        assert outcome.code in {0, 102}, outcome.out + outcome.errors
        return next((str(threat["name"]) for threat in outcome.json["findings"]), "")


@pytest.fixture
def computer(tmp_path: Path, built_databases: Path) -> Iterator[Callable[[str], Computer]]:
    """Make a computer of some name, whose suite runs and does only what it is told."""
    found = []

    def made(name: str) -> Computer:
        found.append(Computer(tmp_path / name, tmp_path / "a publisher" / "public" / "metadata" / "root.json"))
        lend(built_databases, found[-1].program.home.root / "databases")
        assert found[-1].program("start", "--no-scan").code == 0
        found[-1].told("settings", "set", "updates.automatic", "no")
        return found[-1]

    yield made
    for each in found:
        each.program.end()


def test_all_computers_of_an_office_come_to_the_same_set_by_the_net_a_mirror_and_a_stick(
    tmp_path: Path, computer: Callable[[str], Computer]
) -> None:
    site = Site(tmp_path)
    first, second, third = computers = [
        computer(name) for name in ("asks the publisher", "asks the first", "has a stick")
    ]
    sample, later = _sample(tmp_path, "Harmless.First"), _sample(tmp_path, "Harmless.Later")
    eicar = _sample(tmp_path, "")
    published = site.publish(sample.with_suffix(".hdb"))
    stick = tmp_path / "a stick" / "databases"
    shutil.copytree(site.folder / "public", stick)
    with site.served() as url:
        port = _free_port()
        first.trust(url)
        first.told("settings", "set", "updates.mirror_address", "127.0.0.1")
        first.told("settings", "set", "updates.mirror_port", str(port))
        assert first.told("update")["set"] == published
        _await_listening(port)
        assert site.requests() > 0
        second.trust(f"http://127.0.0.1:{port}")
        third.trust(str(stick))
        for each in (second, third):
            assert each.told("update")["has_changed"] is True
        infos = [each.info() for each in computers]
        assert [info["source"] for info in infos] == [url, f"http://127.0.0.1:{port}", str(stick)]
        assert [info["set"] for info in infos] == [published] * 3
        assert [info["transferred_bytes"] > 0 for info in infos] == [True, True, False], "a stick is no network"
        assert all(info["signatures"] > 1 and 0 <= info["age_hours"] < 1 for info in infos)
        assert len({info["created"] for info in infos}) == 1
        for each in computers:
            assert each.finds(sample) == "Harmless.First"
            assert each.finds(eicar) != "", "our own rules are in every set"
            assert each.finds(later) == ""

        again = site.publish(sample.with_suffix(".hdb"), later.with_suffix(".hdb"))
        assert again != published
        shutil.rmtree(stick)
        shutil.copytree(site.folder / "public", stick)
        for each in computers:
            assert each.told("update")["set"] == again
            assert each.finds(later) == "Harmless.Later"
        assert third.told("rollback")["set"] == published
        assert third.finds(later) == ""
        asked = site.requests()
        assert second.told("update")["has_changed"] is False
        assert site.requests() == asked, "who asks the mirror does not ask the publisher"


def test_a_publisher_is_trusted_by_its_folder_or_what_is_public_of_it_and_after_its_root_was_compared(
    tmp_path: Path, computer: Callable[[str], Computer]
) -> None:
    site, one = Site(tmp_path), computer("home")
    published = site.publish(_sample(tmp_path, "Harmless.First").with_suffix(".hdb"))
    for place in (site.folder, site.folder / "public"):
        told = one.told("databases", "trust", str(place), code=5)["error"]
        fingerprint = told["hint"].partition('--fingerprint "')[2].partition('"')[0]
        assert fingerprint in told["text"]
        one.told("databases", "trust", str(place), "--fingerprint", fingerprint)
        assert one.told("update", str(place))["set"] == published
        one.told("rollback", "--to", "built-in")
    assert one.told("update", str(site.folder / "nothing"), code=3)["error"]["text"]
    assert one.told("update")["set"] == published


def _sample(folder: Path, name: str) -> Path:
    """Make a harmless file, and beside it the signature that finds it; without a name, the test file."""
    if not name:
        path = folder / "eicar.com"
        path.write_bytes(rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*")
        return path
    path, content = folder / f"{name}.bin", f"A harmless file that is called {name}.\n".encode() * 5
    path.write_bytes(content)
    digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
    path.with_suffix(".hdb").write_text(f"{digest}:{len(content)}:{name}\n")
    return path


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _await_listening(port: int) -> None:
    until = time.monotonic() + _SECONDS
    with socket.socket() as caller:
        while caller.connect_ex(("127.0.0.1", port)) != 0:
            assert time.monotonic() < until, "the mirror does not come up"
            time.sleep(0.05)
