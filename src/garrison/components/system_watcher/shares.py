"""Shares: which computer an smbd serves, and shutting it out for a while."""

import ipaddress
import json
import shutil
import subprocess
from typing import Any

from garrison.base.errors import Failed, Invalid, Unavailable
from garrison.linux.nftables import Filter

_PATIENCE_SECONDS = 20
_TABLE = "garrison_shares"
_PORTS = "{ 139, 445 }"
_SETS = {4: ("clients4", "ipv4_addr", "ip"), 6: ("clients6", "ipv6_addr", "ip6")}


class Shares:
    """Blocks the ports of file sharing for single computers, in a table of our own; the kernel ends it in time."""

    def client_of(self, pid: int) -> str:
        """Return the address of the computer that an smbd of that number serves. Raises Unavailable, Failed."""
        program = shutil.which("smbstatus")
        if program is None:
            raise Unavailable("Samba's smbstatus is missing: the computer that wrote cannot be told.")
        try:
            done = subprocess.run(
                [program, "-j"], capture_output=True, check=True, timeout=_PATIENCE_SECONDS, stdin=subprocess.DEVNULL
            )
            told = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise Failed("Samba does not tell whom it serves.") from error
        return client_in(told, pid)

    def block(self, address: str, minutes: int) -> None:
        """Shut a computer out. Raises Invalid for what is no address, Failed, Unavailable."""
        parsed = parse(address)
        name = _SETS[parsed.version][0]
        lines = [f"add table inet {_TABLE}"]
        for each, kind, _ in _SETS.values():
            lines.append(f"add set inet {_TABLE} {each} {{ type {kind}; flags timeout; }}")
        lines.append(f"add chain inet {_TABLE} incoming {{ type filter hook input priority -10; policy accept; }}")
        lines.append(f"flush chain inet {_TABLE} incoming")
        for each, _, family in _SETS.values():
            lines.append(f"add rule inet {_TABLE} incoming {family} saddr @{each} tcp dport {_PORTS} counter drop")
        with Filter() as packets:
            packets.run("\n".join(lines))
            if str(parsed) in packets.elements("inet", _TABLE, name):
                packets.run(f"delete element inet {_TABLE} {name} {{ {parsed} }}")
            packets.run(f"add element inet {_TABLE} {name} {{ {parsed} timeout {minutes}m }}")

    def unblock(self, address: str) -> None:
        """Let a computer in again. Raises Failed when it was not blocked, Invalid, Unavailable."""
        parsed = parse(address)
        try:
            with Filter() as packets:
                packets.run(f"delete element inet {_TABLE} {_SETS[parsed.version][0]} {{ {parsed} }}")
        except Failed as error:
            raise Failed(f"{parsed} is not blocked.") from error


def parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address; one of IPv4 in the clothes of IPv6 without them or its scope. Raises Invalid."""
    try:
        parsed = ipaddress.ip_address(address.strip().partition("%")[0])  # a scope could say anything
    except ValueError:
        raise Invalid(f"“{address}” is no address.", "Example: 192.168.1.20") from None
    mapped = parsed.ipv4_mapped if parsed.version == 6 else None
    return mapped or parsed


def client_in(untrusted_told: Any, pid: int) -> str:
    """Return the address that smbstatus tells for a process. Raises Failed when there is none."""
    try:
        for each in untrusted_told["sessions"].values():
            if int(each["server_id"]["pid"]) == pid:
                host = str(each["hostname"])  # "ipv4:192.168.1.20:54321"
                machine = host.split(":", 1)[1].rsplit(":", 1)[0] if host.startswith("ipv") else each["remote_machine"]
                return str(parse(str(machine)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Failed("Samba does not tell whom it serves.") from error
    raise Failed("Samba does not know this connection any more.")
