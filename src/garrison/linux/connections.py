"""Which computers a process is connected with, as the kernel has it (proc(5): fd, net/tcp)."""

import contextlib
import ipaddress
import os
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

_LISTEN = "0A"  # include/net/tcp_states.h
_WORD = 8  # hexadecimal digits of the 32 bits that addresses are written in, each in the order of this machine
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def peers(pid: int, ports: Collection[int]) -> list[Address]:
    """Return the addresses at the other end of a process's TCP connections that came to one of some ports of ours.

    An address of IPv4 in the clothes of IPv6 is returned without them. Raises OSError when the process has gone.
    """
    sockets = set(_sockets(pid))
    found: dict[Address, None] = {}
    for table in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):  # no IPv6
            for line in Path(f"/proc/{pid}/net/{table}").read_text("ascii").splitlines()[1:]:
                words = line.split()
                if words[9] in sockets and words[3] != _LISTEN and int(words[1].partition(":")[2], 16) in ports:
                    found[_address(words[2].partition(":")[0])] = None
    return list(found)


def is_in_our_network(pid: int) -> bool:
    """Return whether a process has the same network as this one. Raises OSError when it has gone."""
    return os.readlink(f"/proc/{pid}/ns/net") == os.readlink("/proc/self/ns/net")


def _sockets(pid: int) -> Iterator[str]:
    for name in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(FileNotFoundError):
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            if target.startswith("socket:["):
                yield target[len("socket:[") : -1]


def _address(digits: str) -> Address:
    words = (digits[at : at + _WORD] for at in range(0, len(digits), _WORD))
    parsed = ipaddress.ip_address(b"".join(int(word, 16).to_bytes(4, sys.byteorder) for word in words))
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed
