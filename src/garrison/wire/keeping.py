"""What the keeper and its gate say to each other: one JSON object a packet, descriptors beside it."""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

from garrison.wire.examination import receive_with_descriptors

PACKET_BYTES = 64 * 1024
PULSE_SECONDS = 0.5
DESCRIPTORS = 4096  # that a gate may have: the numbers under which it may have been asked
LOCK = "lock"  # goes with the groups: whoever holds it is the suite's one keeper, or its gate


class Ready(NamedTuple):
    """The gate has loaded all that it needs, and waits for `Go`."""


class Go(NamedTuple):
    """Answer the kernel from now on. groups: the names of the descriptors that come with this, in their order.

    own, daemon: as in `Own`. fuse: why nothing is refused, "" when it is. gap_seconds, gap: how long nobody
    answered, and why; "" when that was not so.
    """

    groups: tuple[str, ...]
    own: tuple[int, ...] = ()
    fuse: str = ""
    gap_seconds: float = 0.0
    gap: str = ""
    daemon: tuple[str, ...] = ()


class Own(NamedTuple):
    """These are the further processes of the suite from now on. daemon: the command that starts it again, () for none.

    The gate needs that only to tell it to another keeper.
    """

    numbers: tuple[int, ...]
    daemon: tuple[str, ...] = ()


class Pulse(NamedTuple):
    """The gate is alive. busy_seconds: for how long its slowest thread has had the same events."""

    busy_seconds: float


class Policy(NamedTuple):
    """What to answer for the gate should it die."""

    allows: bool


class Adopt(NamedTuple):
    """Be the keeper of the gate that says this; descriptors as in `Go`. gate: its process. daemon: as in `Own`."""

    groups: tuple[str, ...]
    gate: int
    fuse: str
    allows: bool
    daemon: tuple[str, ...] = ()


Message = Ready | Go | Own | Pulse | Policy | Adopt
_KINDS: dict[str, Any] = {kind.__name__: kind for kind in (Ready, Go, Own, Pulse, Policy, Adopt)}


def encode(message: Message) -> bytes:
    """Return a message as one packet."""
    return json.dumps([type(message).__name__, message._asdict()]).encode("ascii")


def hear(channel: socket.socket, take: Callable[[Message], None]) -> bool:
    """Take what was said on a channel that does not block; return whether there may be more. Nonsense is left out."""
    while True:
        try:
            packet, descriptors = receive_with_descriptors(channel, PACKET_BYTES)
        except BlockingIOError:
            return True
        except OSError:
            return False
        for descriptor in descriptors:  # none is asked for here
            os.close(descriptor)
        if not packet:
            return False
        with contextlib.suppress(ValueError):
            take(decode(packet))


def decode(packet: bytes) -> Message:
    """Return the message in a packet. Raises ValueError when there is none."""
    try:
        name, fields = json.loads(packet)
        taken = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
        message: Message = _KINDS[name](**taken)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ValueError("a packet that is no message") from None
    return message
