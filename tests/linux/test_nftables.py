"""Tests of the packet filter, in a network namespace of their own."""

import os
import subprocess
import sys

import pytest

from garrison.base.errors import Unavailable
from garrison.linux.capabilities import SYS_ADMIN, has_capability
from garrison.linux.nftables import Filter

CODE = """
from garrison.base.errors import Failed
from garrison.linux.nftables import Filter
with Filter() as packets:
    packets.run("add table inet t\\nadd set inet t s { type ipv4_addr; flags timeout; }")
    packets.run("add element inet t s { 192.0.2.7 timeout 5m }")
    print(packets.elements("inet", "t", "s"))
    try:
        packets.run("add rule inet t nowhere drop\\nadd element inet t s { 192.0.2.8 }")
    except Failed as error:
        print(error.text)
    print(packets.elements("inet", "t", "s"))
"""


def why_not() -> str:
    if not has_capability(SYS_ADMIN):
        return "needs the rights of root"
    try:
        with Filter():
            return ""
    except Unavailable as error:
        return error.text


@pytest.mark.skipif(bool(why_not()), reason=why_not() or "can")
def test_commands_are_done_whole_or_not_at_all() -> None:
    command = ["unshare", "--net", sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": "src"})
    first, refused, second = done.stdout.splitlines()
    assert first == second == "['192.0.2.7']"
    assert refused.startswith("The packet filter refused a rule:")


def test_a_computer_without_the_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.linux.nftables._NAMES", ("libnothing-of-the-kind.so",))
    with pytest.raises(Unavailable, match="nftables is missing"):
        Filter()
