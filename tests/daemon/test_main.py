"""The daemon as a program."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from garrison.base.paths import Home, own_program
from tests.daemon.live import Live


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_it_properly(tmp_path: Path, number: signal.Signals) -> None:
    with Live(Home(tmp_path / "home")) as daemon:
        daemon.process.send_signal(number)
        assert (daemon.wait(), daemon.errors) == (0, "")
    assert "Ended." in (tmp_path / "home" / "log" / "daemon.log").read_text("utf-8")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder away")
def test_a_home_of_another_account_is_said(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.root.mkdir()
    os.chown(home.root, 12345, 12345)
    daemon = Live(home)
    assert daemon.wait() == 3
    assert "belongs to another account" in daemon.said["text"]
    assert "Traceback" not in daemon.errors


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    home.log.mkdir()
    daemon = Live(home)
    assert daemon.wait() == 3
    assert "daemon.log" in daemon.said["text"]
    assert "Traceback" not in daemon.errors


def test_whoever_started_it_may_be_gone(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    reading, writing = os.pipe()
    os.close(reading)
    command = [*own_program("garrison.daemon"), "--home", str(home.root), "--ready", str(writing)]
    process = subprocess.Popen(command, pass_fds=(writing,))
    os.close(writing)
    try:
        while not home.socket.exists():
            assert process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
    finally:
        process.terminate()
        assert process.wait(30) == 0


def test_the_log_is_not_written_through_a_link(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    target = tmp_path / "target"
    target.write_bytes(b"")
    home.log.symlink_to(target)
    daemon = Live(home)
    assert daemon.wait() == 3
    assert "daemon.log" in daemon.said["text"]
    assert target.read_bytes() == b""
