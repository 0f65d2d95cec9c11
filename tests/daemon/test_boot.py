"""The daemon from its boot to its end, as a real process."""

import os
import socket
import threading
import time
from pathlib import Path

import pytest

from garrison import __version__
from garrison.base.errors import GarrisonError, NotFound, Unavailable
from garrison.base.installed import Installed, Switch
from garrison.base.paths import Home
from garrison.wire.client import Client, folder_of, short_address
from tests.daemon.live import Live, call, children, is_alive


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / ("long" * 40) / os.fsdecode(b"no utf-8 \xff"))


def test_from_the_boot_to_the_end(home: Home) -> None:
    with Live(home) as daemon:
        status = call(home, "suite.status")
        assert [row["id"] for row in status["components"]]
        assert call(home, "suite.report-verify")["intact"]
        assert call(home, "suite.shutdown") == {"text": "Garrison has stopped."}
        assert daemon.wait() == 0
        assert daemon.errors == ""
    assert not home.socket.exists()


def test_a_second_one_on_the_same_home_is_refused_and_harms_nothing(home: Home) -> None:
    with Live(home) as daemon:
        second = Live(home)
        assert second.wait() == 3
        assert "is running here already" in second.said["text"]
        assert str(daemon.process.pid) in second.said["text"]
        assert call(home, "suite.jobs") is not None


@pytest.mark.parametrize("name", ["journal", "settings", "schedule", "quarantine"])
def test_a_home_of_a_newer_release_is_refused(home: Home, name: str) -> None:
    (home.folder(name, 1) / "version").write_bytes(b"99\n")
    daemon = Live(home)
    assert daemon.wait() == 3
    assert "newer Garrison" in daemon.said["text"]
    assert daemon.errors == ""


def test_what_a_newer_release_changed_before_its_watcher_was_ended_is_put_back(home: Home) -> None:
    home.prepare()
    installed, settings = Installed(home), home.folder("settings", 1)
    home.folder("versions", 1)
    installed.keep(home.root, ["settings"])
    (settings / "version").write_bytes(b"99\n")
    installed.note(Switch("99.0", __version__, "/python", "", "2026-11-24T06:00:00+00:00", ("settings",)))
    held = installed.lock()
    assert held is not None
    assert Live(home).wait() == 3, "as long as somebody watches it is left alone"
    os.close(held)
    with Live(home):
        issues = {issue["id"] for issue in call(home, "suite.status")["issues"]}
        assert "upgrades.returned" in issues
    assert (settings / "version").read_bytes() == b"1\n"


def test_damage_everywhere_is_survived_and_said(home: Home) -> None:
    home.prepare()
    for name in ("settings/settings.json", "schedule/schedule.json", "journal/journal.sqlite3"):
        path = home.folder(name.partition("/")[0], 1) / name.partition("/")[2]
        path.write_bytes(b"\xff{" * 1000)
    with Live(home):
        issues = {issue["id"] for issue in call(home, "suite.status")["issues"]}
        assert {"suite.settings-damaged", "suite.schedule-damaged", "suite.journal-damaged"} <= issues
        assert [row["name"] for row in call(home, "suite.journal")].count("JournalSetAside") == 1


def test_the_end_is_told_to_whoever_waits(home: Home) -> None:
    with Live(home) as daemon, daemon.client() as client:
        folder = home.root.parent / "many"
        folder.mkdir()
        for number in range(3000):
            (folder / str(number)).write_bytes(b"x" * 5000)
        ended = threading.Timer(0.3, call, (home, "suite.shutdown"))
        ended.start()
        answer = client.call("scan.files", {"paths": [str(folder)]})
        ended.join()
        assert answer["exit"] in {0, 4}  # 0: it was quicker
        workers = children(daemon.process.pid)
        assert daemon.wait() == 0
        assert daemon.errors == ""
    assert not [process for process in workers if is_alive(process)]


def test_a_short_lived_one_ends_with_its_last_client(home: Home) -> None:
    with Live(home, "--private") as daemon:
        with daemon.client() as client:
            issues = client.call("suite.status", {})["result"]["issues"]
            assert "suite.not-running" in [issue["id"] for issue in issues]
        assert daemon.wait() == 0


def test_a_short_lived_one_can_stay(home: Home) -> None:
    with Live(home, "--private") as daemon:
        call(home, "suite.stay")
        time.sleep(0.2)
        assert daemon.process.poll() is None
        call(home, "suite.status")


def test_a_stopped_client_does_not_keep_it_from_ending(home: Home) -> None:
    with Live(home) as daemon, socket.socket(socket.AF_UNIX) as silent, folder_of(home.socket) as folder:
        silent.connect(short_address(folder, home.socket.name))
        call(home, "suite.shutdown")
        assert daemon.wait() == 0


def test_settings_and_their_mistakes(home: Home) -> None:
    with Live(home):
        call(home, "suite.settings-set", name="scan.exclude_masks", values=["*.iso", "*\udcff"])
        assert call(home, "suite.settings-get", name="scan.exclude_masks")["value"] == ["*.iso", "*\udcff"]
        for name, values in (("scan.no", ["1"]), ("no.such", ["1"])):
            with pytest.raises(NotFound):
                call(home, "suite.settings-set", name=name, values=values)
        for values in (["x"], ["1", "2"], [], ["-5"]):
            with pytest.raises(GarrisonError):
                call(home, "suite.settings-set", name="scan.quick_seconds", values=values)
        call(home, "suite.stop", component="self-test")
        assert "self-test.off" in [issue["id"] for issue in call(home, "suite.status")["issues"]]
        with pytest.raises(Unavailable):
            call(home, "suite.restart", component="self-test")
        call(home, "suite.fix", issue="self-test.off")
        rows = call(home, "suite.journal", text="self-test")
        assert [row["details"]["new"] for row in rows if row["name"] == "SettingChanged"] == ["on", "off"]
    with Live(home):
        assert call(home, "suite.settings-get", name="scan.exclude_masks")["value"] == ["*.iso", "*\udcff"]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another account")
def test_another_accounts_caller_sees_and_changes_nothing_of_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Live(home):
        call(home, "suite.settings-set", name="scan.quick_seconds", values=["60"])
        for folder in (home.root, home.socket.parent):
            folder.chmod(0o755)
        home.socket.chmod(0o666)
        with folder_of(home.socket) as descriptor:
            reading, writing = os.pipe()
            child = os.fork()
            if not child:
                try:
                    os.fchdir(descriptor)
                    os.setresuid(12345, 12345, 12345)
                    os.write(writing, _as_another_account().encode())
                finally:
                    os._exit(0)
            os.close(writing)
            with open(reading, encoding="utf-8") as pipe:
                said = pipe.read()
            os.waitpid(child, 0)
    assert said == "journal [] jobs [] refused refused refused"


def _as_another_account() -> str:
    words = []
    client = object.__new__(Client)
    client.with_texts = False
    client._socket = socket.socket(socket.AF_UNIX)
    client._socket.connect("door.sock")
    client._buffer = bytearray()
    client._last_id = 0
    client._answer(None)
    for operation in ("journal", "jobs"):
        words += [operation, str(client.call(f"suite.{operation}", {})["result"])]
    for operation, arguments in (
        ("settings-set", {"name": "scan.quick_seconds", "values": ["70"]}),
        ("stop", {"component": "scan"}),
        ("shutdown", {}),
    ):
        try:
            client.call(f"suite.{operation}", arguments)
        except GarrisonError as error:
            words.append(error.code)
    return " ".join(words)
