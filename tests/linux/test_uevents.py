"""Tests of what the kernel tells of devices."""

import contextlib
import os
import select
import socket
from pathlib import Path

import pytest

from garrison.linux.uevents import Uevent, Uevents, parse

_ANNOUNCE = Path("/sys/class/block/loop0/uevent")
needs_loop = pytest.mark.skipif(os.geteuid() != 0 or not _ANNOUNCE.exists(), reason="needs root and loop devices")
_PACKET = b"add@/devices/x/block/sdb\0ACTION=add\0SUBSYSTEM=block\0DEVNAME=sdb\0NOTHING\0ODD=a=b\0"


@pytest.fixture
def uevents() -> "contextlib.AbstractContextManager[Uevents]":
    try:
        return Uevents()
    except OSError as error:
        pytest.skip(f"the kernel tells nothing here: {error}")


def taken(uevents: Uevents, seconds: float = 5.0) -> list[Uevent]:
    """Return what comes of loop0, up to what was asked for: others may use it meanwhile."""
    found: list[Uevent] = []
    while not any(event.is_asked_for for event in found):
        assert select.select([uevents], [], [], seconds)[0], "nothing came"
        found += [event for event in uevents.take() if event.name == "loop0"]
    return found


def test_a_message_is_taken_apart() -> None:
    event = parse(_PACKET)
    assert event is not None
    assert (event.action, event.name, event.subsystem) == ("add", "sdb", "block")
    assert not event.is_asked_for
    assert event.values == {"ACTION": "add", "SUBSYSTEM": "block", "DEVNAME": "sdb", "ODD": "a=b"}


@pytest.mark.parametrize(
    "content", [b"", b"libudev\0\xfe\xed\xca\xfe", b"add", b"add@x", b"@/x", b"a d@/x", b"\xff@/x"]
)
def test_what_is_no_message_is_none(content: bytes) -> None:
    assert parse(content) is None


@needs_loop
def test_a_drive_that_is_announced_is_heard_of(uevents: Uevents) -> None:
    with uevents:
        _ANNOUNCE.write_text("add")
        (event,) = [event for event in taken(uevents) if event.is_asked_for]
    assert (event.action, event.subsystem, event.values["DEVTYPE"]) == ("add", "block", "disk")


@needs_loop
def test_what_a_program_sends_in_the_kernels_name_is_passed_over(uevents: Uevents) -> None:
    with uevents, socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, 15) as forger:
        try:
            forger.sendto(_PACKET.replace(b"sdb", b"loop0"), (0, 1))
        except OSError as error:
            pytest.skip(f"not even root may try: {error}")
        _ANNOUNCE.write_text("change")
        assert {event.action for event in taken(uevents)} == {"change"}
    assert not uevents.missed


@needs_loop
def test_that_some_was_missed_is_said_and_the_rest_is_heard(uevents: Uevents) -> None:
    with uevents:
        uevents._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel makes it some 2 KiB
        for _ in range(20):
            _ANNOUNCE.write_text("change")
        assert 0 < len(uevents.take()) < 20
        assert uevents.missed
        assert any(not (uevents.take() or uevents.missed) for _ in range(100))
