"""The command line as a shell meets it: exit codes, JSON, closed pipes, any bytes in names, Ctrl-C."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from garrison.cli import main as front
from tests.cli.program import PROGRAM, Outcome, Program
from tests.suite import EICAR


@pytest.fixture
def threat(tmp_path: Path) -> Path:
    path = tmp_path / "bad.com"
    path.write_bytes(EICAR)
    return path


def test_help_is_whole_and_begins_with_every_day(garrison: Program) -> None:
    outcome = garrison("--help", environment={"COLUMNS": "80"})
    assert outcome.code == 0
    assert outcome.out == garrison(environment={"COLUMNS": "80"}).out == garrison("-h").out
    assert "..." not in outcome.out.replace("COMMAND ...", "")
    titles = [line for line in outcome.out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles == ["Options:", "Every day:", "Protection:", "Look and steer:", "Servers of an office:", "Garrison:"]
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert not garrison.home.root.exists()


@pytest.mark.parametrize(
    "name", ["start", "stop", "restart", "upgrade", "status", "completion", "uninstall", "scan", "settings"]
)
def test_every_command_has_help(garrison: Program, name: str) -> None:
    outcome = garrison(name, "--help")
    assert outcome.code == 0
    assert outcome.out.startswith(f"Usage: garrison {name}")


def test_a_default_command_is_told_of(garrison: Program) -> None:
    out = garrison("scan", "--help").out
    assert out.startswith("Usage: garrison scan [OPTIONS] PATHS\n       garrison scan COMMAND")
    assert "garrison scan files --help" in out


def test_help_and_version_are_quick(garrison: Program) -> None:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert garrison("--help").code == 0
        took.append(time.perf_counter() - began)
    assert min(took) < 0.2  # under 0.1 on a quiet machine; bench/ measures
    assert garrison("--version").out.startswith("garrison, version ")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("bogus",), 1, "No such command"),
        (("statsu",), 1, "status"),
        (("--bogus",), 1, "No such option"),
        (("scan",), 1, "Nothing was named"),
        (("scan", ""), 1, "no path"),
        (("scan", "/absent"), 3, None),
        (("scan", "@/absent"), 1, "cannot be read"),
        (("scan", "/etc/hostname", "--action", "eat"), 1, "--action"),
        (("quarantine", "restore"), 1, "Missing argument"),
        (("quarantine", "restore", "absent"), 3, "not in quarantine"),
        (("journal", "--limit", "many"), 1, "not a valid integer"),
        (("start", "nosuch"), 3, "nosuch"),
        (("start", "scan", "--no-scan"), 1, "without a scan"),
        (("start", "--no-scan", "--scan", "/etc"), 1, "exclude each other"),
        (("uninstall", "--keep", "scan", "--keep-nothing"), 1, "exclude each other"),
        (("status", "--bogus"), 64, "No such option"),
        (("status", "surplus"), 64, "unexpected extra argument"),
    ],
)
def test_what_is_wrong_is_said_and_has_its_code(
    running: Program, arguments: tuple[str, ...], code: int, says: str | None
) -> None:
    plain = running(*arguments)
    assert plain.code == code, plain.errors
    in_json = running(*arguments, "--json")
    assert in_json.code == code
    if says is None:  # a result, not an error
        assert isinstance(in_json.json, dict)
        return
    assert says in plain.errors
    assert plain.out == ""
    assert says in in_json.json["error"]["text"]
    assert in_json.errors == ""


def test_yellow_is_no_wrong_usage(garrison: Program) -> None:
    status = garrison("status", "--json")
    assert status.json["colour"] == "yellow"  # no scan was made yet
    assert status.code == 1


def test_a_scan_s_codes(running: Program, threat: Path) -> None:
    (threat.parent / "good").write_text("harmless")
    assert running("scan", str(threat.parent / "good")).code == 0
    assert running("scan", str(threat)).code == 102
    taken = running("scan", str(threat), "--action", "quarantine", "--json")
    assert taken.code == 101
    assert taken.json["findings"][0]["path"] == str(threat)
    held = running("quarantine", "list", "--json").json
    assert running("quarantine", "restore", held[0]["id"]).code == 0
    assert threat.read_bytes() == EICAR


def test_a_file_named_like_an_operation_or_an_option(running: Program, tmp_path: Path) -> None:
    for name in ("quick", "-x", "--json", "@list"):
        (tmp_path / name).write_bytes(EICAR)
    for arguments in (("./quick",), ("--", "quick"), ("--", "-x"), ("./-x",), ("--", "--json"), ("./@list",)):
        assert running("scan", *arguments, cwd=tmp_path).code == 102, arguments


def test_lists_of_paths(running: Program, threat: Path) -> None:
    (threat.parent / "list").write_text(f"{threat}\n/absent\n")
    outcome = running("scan", f"@{threat.parent}/list", "--json")
    assert [finding["path"] for finding in outcome.json["findings"]] == [str(threat)]
    assert [error["path"] for error in outcome.json["errors"]] == ["/absent"]
    assert running("scan", "@-", input=b"bad.com\0", cwd=threat.parent).code == 102


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "POSIX"}, {"LC_ALL": "C.UTF-8"}, {}])
def test_names_may_be_any_bytes_in_any_locale(running: Program, tmp_path: Path, locale: dict[str, str]) -> None:
    name = os.fsencode(tmp_path) + b"/\xff\xc3\xbc\x1b[2J\n.com"
    Path(os.fsdecode(name)).write_bytes(EICAR)
    outcome = running("scan", name, environment=locale)
    assert outcome.code == 102, outcome.errors
    assert "\x1b" not in outcome.out
    assert "\\xff" in outcome.out
    in_json = running("scan", name, "--json", environment=locale)
    assert os.fsencode(in_json.json["findings"][0]["path"]) == name
    wrong = running("scan", b"@/\xff", environment=locale)
    assert "/\\xff cannot be read" in wrong.errors
    assert running(b"\xff\x1b[2J", environment=locale).errors.count("\x1b") == 0


def test_a_closed_pipe_changes_no_code(running: Program, threat: Path) -> None:
    for arguments, code in ((("scan", str(threat)), 102), (("settings", "--json"), 0), (("--help",), 0)):
        reading, writing = os.pipe()
        os.close(reading)
        with open(writing, "wb") as closed:
            outcome = running(*arguments, stdout=closed)
        assert (outcome.code, outcome.errors) == (code, "")


def test_a_full_disk_under_the_output_is_told(running: Program) -> None:
    with open("/dev/full", "wb") as full:
        outcome = running("settings", stdout=full)
    assert outcome.code == 3
    assert "no space left" in outcome.errors


@pytest.mark.parametrize("arguments", [("scan", "/usr"), ("scan", "/usr", "--json"), ("start", "--scan", "/usr")])
def test_ctrl_c_cancels_and_ends_with_4(running: Program, arguments: tuple[str, ...]) -> None:
    process = running.start(*arguments)
    _wait_for_job(running)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    outcome = Outcome(process.returncode, out, errors)
    assert outcome.code == 4, outcome.errors
    assert outcome.errors == ""
    if "--json" in arguments:
        assert json.loads(outcome.out)["error"]["code"] == "cancelled"
    else:
        assert "Cancelled." in outcome.out
    assert all(job["state"] != "running" for job in running("jobs", "--json").json)


def test_a_second_ctrl_c_does_not_wait(garrison: Program) -> None:
    garrison("start", "--no-scan")
    process = garrison.start("scan", "/usr")
    _wait_for_job(garrison)
    os.kill(garrison.daemon(), signal.SIGSTOP)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    process.communicate(timeout=20)
    assert process.returncode == 4


def test_a_killed_command_cancels_its_task(running: Program) -> None:
    process = running.start("scan", "/usr")
    _wait_for_job(running)
    process.kill()
    process.communicate()
    until = time.monotonic() + 10
    while any(job["state"] == "running" for job in running("jobs", "--json").json):
        assert time.monotonic() < until


def _wait_for_job(garrison: Program) -> None:
    until = time.monotonic() + 20
    while not any(job["state"] == "running" for job in garrison("jobs", "--json").json):
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.skipif(
    shutil.which("script") is None or not os.path.exists("/dev/pts/ptmx"),
    reason="no terminal can be made here (script, devpts)",
)
def test_progress_never_stands_on_stdout(running: Program, tmp_path: Path) -> None:
    done = subprocess.run(
        ["script", "-qec", f"{' '.join(PROGRAM)} scan /usr/share/doc --json >{tmp_path}/out", "/dev/null"],
        env=running.environment | {"TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert "objects" in json.loads((tmp_path / "out").read_text())
    assert b"Scan" in done.stdout  # the bar, on the terminal


def test_a_defect_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> int:
        raise ZeroDivisionError("by zero")

    assert front._guarded(fail, as_json=False) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("garrison: A defect in Garrison: ZeroDivisionError: by zero.")
    assert "Traceback" not in shown


def test_a_failed_file_operation_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert front._guarded(lambda: len(os.listdir("/absent")), as_json=True) == 3
    assert "no such file or directory (/absent)" in json.loads(capsys.readouterr().out)["error"]["text"]
