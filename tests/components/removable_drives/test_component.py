"""Tests of removable drives, simulated by loop devices, in a real suite. Real sticks were not tried."""

import contextlib
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import NotFound
from garrison.base.paths import Home
from garrison.base.text import printable
from tests.cli.seeds import lend
from tests.components.removable_drives.sticks import Stick, held, mounted, needs_root, stick
from tests.suite import EICAR, RunningSuite

pytestmark = needs_root


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory, built_databases: Path) -> Iterator[RunningSuite]:
    home = Home(tmp_path_factory.mktemp("home") / "state")
    lend(built_databases, home.root / "databases")
    with RunningSuite(home) as running:
        yield running


def told(suite: RunningSuite, event: str, component: str = "removable-drives") -> list[dict[str, Any]]:
    """Return the details of the events of a kind, newest first."""
    rows = suite.call("suite.journal", component=component, limit=1000)
    return [row["details"] for row in rows if row["name"] == event]


def until(condition: Callable[[], Any], seconds: float = 20.0) -> Any:
    """Wait for something, and return it."""
    began = time.monotonic()
    while not (found := condition()):
        assert time.monotonic() - began < seconds, "it did not come"
        time.sleep(0.05)
    return found


def set_up(suite: RunningSuite, device: Stick, **settings: Any) -> None:
    """Have a loop device taken for a removable drive, and settings of the component."""
    changes = {"also": [device.name], "on_connection": "ask", "largest_gib": 64} | settings
    for name, value in changes.items():
        values = value if isinstance(value, list) else [str(value)]
        suite.call("suite.settings-set", name=f"removable-drives.{name}", values=values)


def card(suite: RunningSuite, place: Path) -> dict[str, Any]:
    """Return the question about what is mounted somewhere, waiting for it."""
    found: dict[str, Any] = until(
        lambda: [each for each in suite.call("suite.inbox") if printable(str(place)) in each["question"]]
    )[0]
    return found


def state(suite: RunningSuite, device: Stick) -> str:
    (row,) = [row for row in suite.call("removable-drives.list") if row["device"] == device.drive]
    text: str = row["state"]
    return text


def answer(suite: RunningSuite, place: Path, choice: str) -> None:
    suite.call("suite.inbox-answer", question=card(suite, place)["id"], choice=choice)


@pytest.mark.parametrize("table", ["mbr", "gpt"])
def test_a_stick_is_announced_asked_about_and_scanned_with_its_boot_sectors(
    suite: RunningSuite, tmp_path: Path, table: str
) -> None:
    files = {"letter.txt": b"Dear all", "deep/eicar.com": EICAR}
    with stick(tmp_path / "image", table, files) as device:
        set_up(suite, device)
        device.announce()
        until(lambda: [each for each in told(suite, "DriveConnected") if each["device"] == device.drive])
        assert state(suite, device) == "not mounted"
        with mounted(device.part, tmp_path / "stick") as folder:
            asked = card(suite, folder)
            assert asked["question"].endswith("Is it to be scanned?")
            assert {"quick", "full", "ignore", "always-full"} <= set(asked["choices"])
            assert state(suite, device) == "waits for an answer: garrison inbox"
            assert (folder / "deep" / "eicar.com").exists()
            suite.call("suite.inbox-answer", question=asked["id"], choice="full")
            until(lambda: state(suite, device).startswith("scanned (full)"))
            threats = 2 if table == "mbr" else 1
            assert re.fullmatch(rf"scanned \(full\): {threats} threats?, 1 out of the way", state(suite, device))
            assert not (folder / "deep" / "eicar.com").exists()
            assert (folder / "letter.txt").exists()
            (threat,) = [each for each in told(suite, "ThreatFound", "scan") if str(folder) in each["path"]]
            assert threat["threat"] == "EICAR-Test-File"
            past = suite.call("scan.show", scan=suite.call("scan.results")[0]["id"])
            place = f"boot sectors of {device.drive}"
            if table == "mbr":
                assert [(row["name"], row["place"]) for row in past["running"]] == [("EICAR-Test-File", place)]
            else:
                what = "damaged: the second copy of its partition table differs"
                assert {"path": place, "what": what} in past["errors"]
            assert told(suite, "DriveScanned")[0] == {
                "drive": device.drive, "way": "full", "files": 2, "threats": threats, "handled": 1
            }  # fmt: skip
            device.announce()  # as if it had been pulled out and plugged in again
            answer(suite, folder, "ignore")
            until(lambda: state(suite, device) == "not scanned")
            assert told(suite, "DriveLeftOut")[0]["drive"] == device.drive


def test_a_stick_that_is_taken_away_takes_its_question_along(suite: RunningSuite, tmp_path: Path) -> None:
    with stick(tmp_path / "image", "mbr", {"eicar.com": EICAR}) as device:
        set_up(suite, device)
        for _ in range(2):  # the second time it is new again
            with mounted(device.part, tmp_path / "stick") as folder:
                card(suite, folder)
            until(lambda: not [each for each in suite.call("suite.inbox") if str(folder) in each["question"]])
        until(lambda: len([each for each in told(suite, "DriveNotScanned") if each["drive"] == device.drive]) >= 2)
        assert told(suite, "DriveNotScanned")[0]["why"] == "it was taken away before anybody answered"


def test_a_stick_that_is_taken_away_during_its_scan_ends_it(suite: RunningSuite, tmp_path: Path) -> None:
    with stick(tmp_path / "image", "gpt", {"a.txt": b"a", "b.txt": b"b"}) as device:
        set_up(suite, device)
        with contextlib.ExitStack() as meanwhile:
            with mounted(device.part, tmp_path / "stick") as folder:
                meanwhile.enter_context(held(folder / "a.txt"))
                answer(suite, folder, "full")
                until(lambda: state(suite, device) == "is being scanned (full)")
            until(lambda: [each for each in told(suite, "DriveNotScanned") if "during the scan" in each["why"]])
            until(lambda: all(job["state"] != "running" for job in suite.call("suite.jobs")))
        assert suite.call("scan.paused") == []
        assert state(suite, device) == "not mounted"


def test_a_scan_by_hand_says_that_its_drive_was_taken_away(suite: RunningSuite, tmp_path: Path) -> None:
    files = {"a.txt": b"a", "b.txt": b"b"}
    with stick(tmp_path / "image", "mbr", files) as device, suite.connected() as client:
        set_up(suite, device, on_connection="ignore")
        with contextlib.ExitStack() as meanwhile, mounted(device.part, tmp_path / "stick") as folder:
            meanwhile.enter_context(held(folder / "a.txt"))
            job = client.call("scan.removable", {"path": str(folder)}, background=True)["result"]["job"]
            until(lambda: [each for each in suite.call("suite.jobs") if each["id"] == job and each["done"]])
        until(lambda: [each for each in suite.call("suite.jobs") if each["id"] == job and each["state"] == "done"])
        past = suite.call("scan.show", scan=suite.call("scan.results")[0]["id"])
    assert not past["complete"]
    whats = [row["what"] for row in past["errors"] if row["path"] == str(folder)]
    assert "was taken away before all of it was examined" in whats


def test_what_is_done_is_as_it_was_set_and_a_large_drive_is_asked_about(suite: RunningSuite, tmp_path: Path) -> None:
    files = {"deep/eicar.jpg": EICAR, "deep/eicar.com": EICAR, "autorun.inf": b"[autorun]"}
    with (
        stick(tmp_path / "image", "gpt", files, size=1100 << 20) as device,
        mounted(device.part, tmp_path / "st\udcff k"),
    ):
        folder = tmp_path / "st\udcff k"
        set_up(suite, device, on_connection="ignore")
        until(lambda: state(suite, device) == "not scanned")
        set_up(suite, device, on_connection="quick")
        device.announce()
        until(lambda: state(suite, device).startswith("scanned (quick): 1 threat"))
        assert [path.name for path in (folder / "deep").iterdir()] == ["eicar.jpg"]
        set_up(suite, device, on_connection="full", largest_gib=1)
        device.announce()
        assert "It is larger than 1 GiB" in card(suite, folder)["question"]
        answer(suite, folder, "full")
        until(lambda: state(suite, device).startswith("scanned (full): 1 threat"))


def test_an_answer_for_good_holds_when_the_stick_comes_again_until_it_is_forgotten(
    suite: RunningSuite, tmp_path: Path
) -> None:
    with stick(tmp_path / "image", "gpt", {"eicar.com": EICAR}) as device:
        set_up(suite, device)
        with mounted(device.part, tmp_path / "stick") as folder:
            if "always-full" not in card(suite, folder)["choices"]:
                pytest.skip("this kernel does not tell by what the file system is known")
            answer(suite, folder, "always-full")
            until(lambda: state(suite, device).startswith("scanned (full): 1 threat"))
        device.announce()
        until(lambda: state(suite, device) == "not mounted")
        with mounted(device.part, tmp_path / "stick"):
            until(lambda: state(suite, device) == "scanned (full): no threat")
            (remembered,) = suite.call("removable-drives.remembered")
            assert (remembered["drive"], remembered["answer"]) == (device.drive, "full")
            with pytest.raises(NotFound, match="no remembered answer 999"):
                suite.call("removable-drives.forget", number=[999])
            assert suite.call("removable-drives.forget", number=[])["drives"] == [device.drive]
            device.announce()
            answer(suite, folder, "ignore")


def test_what_was_seen_through_is_no_news_after_a_restart_and_what_was_not_is(
    suite: RunningSuite, tmp_path: Path
) -> None:
    with (
        stick(tmp_path / "image", "gpt", {"a.txt": b"a"}) as device,
        mounted(device.part, tmp_path / "stick") as folder,
    ):
        set_up(suite, device)
        first = card(suite, folder)
        suite.stop()
        suite.start()
        assert card(suite, folder)["id"] == first["id"]  # the same question, not another one
        answer(suite, folder, "quick")
        until(lambda: state(suite, device) == "scanned (quick): no threat")
        suite.kill()
        suite.start()
        until(lambda: state(suite, device) == "scanned (quick): no threat")
        assert not [each for each in suite.call("suite.inbox") if str(folder) in each["question"]]
