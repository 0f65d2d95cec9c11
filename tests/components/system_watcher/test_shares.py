"""Tests of shutting computers out of shares: what is told is read right, and Debian's smbd in a network of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from garrison.base.errors import Failed, Invalid
from garrison.components.system_watcher.shares import Shares, parse
from tests.gate.volumes import volume, why_not


def why_no_share() -> str:
    missing = [name for name in ("smbd", "smbclient", "ip") if shutil.which(name) is None]
    return why_not() or (f"{', '.join(missing)} not installed" if missing else "")


def test_only_the_kernel_says_whom_a_share_serves() -> None:
    with pytest.raises(Failed, match="no connection"):
        Shares().clients_of(os.getpid())
    with subprocess.Popen(["true"]) as gone:
        pass
    with pytest.raises(Failed, match="has gone"):
        Shares().clients_of(gone.pid)


def test_a_share_in_another_network_is_said() -> None:
    script = "echo; exec sleep 60"
    with subprocess.Popen(["unshare", "--net", "sh", "-c", script], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        if not other.stdout.readline():
            pytest.skip("no network of its own may be had here")
        with pytest.raises(Failed, match="network of its own"):
            Shares().clients_of(other.pid)
        other.kill()


def test_a_scope_never_reaches_the_packet_filter() -> None:
    assert str(parse("fe80::1%eth0 }; flush ruleset")) == "fe80::1"


@pytest.mark.parametrize("address", ["", "evil", "1.2.3.4 }; flush ruleset", "192.0.2.7/24"])
def test_what_is_no_address_never_reaches_the_packet_filter(address: str) -> None:
    with pytest.raises(Invalid):
        parse(address)


@pytest.mark.skipif(bool(why_no_share()), reason=why_no_share() or "can")
def test_a_computer_that_destroys_a_share_is_stopped_and_shut_out(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    with volume(tmp_path) as place:
        inner = 'ip link set lo up && exec timeout -s KILL 120 "$@"'
        command = ["unshare", "--net", "sh", "-c", inner, "sh", sys.executable]
        command += ["-m", "tests.components.system_watcher.share", str(place), str(work)]
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "PYTHONPATH": "src:."})
        assert done.returncode == 0, done.stderr.decode()[-3000:]
    result = json.loads(done.stdout.splitlines()[-1])
    assert result.pop("program").endswith("/smbd")
    assert 0 < result.pop("touched") <= 3
    assert "not blocked" in result.pop("unblocked_twice")
    assert result == {
        "served": True, "stopped": 1, "client": ["127.0.0.1"], "damaged": 0, "serves_others": True, "blocked": True,
        "lasts": True, "served_again": True,
    }  # fmt: skip
