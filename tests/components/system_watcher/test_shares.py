"""Tests of shutting computers out of shares: what is told is read right, and Debian's smbd in a network of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Failed, Invalid
from garrison.components.system_watcher.shares import client_in, parse
from tests.gate.volumes import volume, why_not


def why_no_share() -> str:
    missing = [name for name in ("smbd", "smbstatus", "smbclient", "ip") if shutil.which(name) is None]
    return why_not() or (f"{', '.join(missing)} not installed" if missing else "")


def told(host: str, pid: str = "7") -> dict[str, Any]:
    return {"sessions": {"1": {"server_id": {"pid": pid}, "hostname": host, "remote_machine": "192.0.2.9"}}}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("ipv4:192.0.2.7:50000", "192.0.2.7"),
        ("ipv6:fe80::1:50000", "fe80::1"),
        ("ipv6:::ffff:192.0.2.7:445", "192.0.2.7"),
        ("desk", "192.0.2.9"),
    ],
)
def test_the_address_is_read_from_what_samba_tells(host: str, address: str) -> None:
    assert client_in(told(host), 7) == address


@pytest.mark.parametrize("nonsense", [{}, {"sessions": []}, {"sessions": {"1": 5}}, told("ipv4:evil; drop:1"), []])
def test_nonsense_is_refused(nonsense: Any) -> None:
    with pytest.raises((Failed, Invalid)):
        client_in(nonsense, 7)


def test_a_scope_never_reaches_the_packet_filter() -> None:
    assert str(parse("fe80::1%eth0 }; flush ruleset")) == "fe80::1"


def test_a_connection_that_samba_does_not_know_is_said() -> None:
    with pytest.raises(Failed, match="any more"):
        client_in(told("ipv4:192.0.2.7:1"), 8)


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
        "served": True, "stopped": 1, "client": "127.0.0.1", "damaged": 0, "serves_others": True, "blocked": True,
        "lasts": True, "served_again": True,
    }  # fmt: skip
