"""Shares: which computer an smbd serves, and shutting it out for a while."""

import ipaddress

from garrison.base.errors import Failed, Invalid
from garrison.linux.connections import is_in_our_network, peers
from garrison.linux.nftables import Filter

_TABLE = "garrison_shares"
_PORTS = (139, 445)
_SETS = {4: ("clients4", "ipv4_addr", "ip"), 6: ("clients6", "ipv6_addr", "ip6")}


class Shares:
    """Blocks the ports of file sharing for single computers, in a table of our own; the kernel ends it in time."""

    def clients_of(self, pid: int) -> list[str]:
        """Return the addresses of the computer that an smbd of that number serves. Raises Failed when there is none.

        They are the kernel's: what a client calls itself could be the name of another one, to have that shut out.
        """
        try:
            if not is_in_our_network(pid):
                raise Failed("Samba serves in a network of its own, where nobody can be shut out from here.")
            found = [str(address) for address in peers(pid, _PORTS)]
        except OSError as error:
            raise Failed("The share's process has gone: the computer that wrote cannot be told.") from error
        if not found:
            raise Failed("The share's process has no connection any more: the computer that wrote cannot be told.")
        return found

    def block(self, address: str, minutes: int) -> None:
        """Shut a computer out. Raises Invalid for what is no address, Failed, Unavailable."""
        parsed = parse(address)
        name = _SETS[parsed.version][0]
        lines = [f"add table inet {_TABLE}"]
        for each, kind, _ in _SETS.values():
            lines.append(f"add set inet {_TABLE} {each} {{ type {kind}; flags timeout; }}")
        lines.append(f"add chain inet {_TABLE} incoming {{ type filter hook input priority -10; policy accept; }}")
        lines.append(f"flush chain inet {_TABLE} incoming")
        ports = f"{{ {', '.join(map(str, _PORTS))} }}"
        for each, _, family in _SETS.values():
            lines.append(f"add rule inet {_TABLE} incoming {family} saddr @{each} tcp dport {ports} counter drop")
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
            raise Failed("{parsed} is not blocked.", parsed=parsed) from error


def parse(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address; one of IPv4 in the clothes of IPv6 without them or its scope. Raises Invalid."""
    try:
        parsed = ipaddress.ip_address(address.strip().partition("%")[0])  # a scope could say anything
    except ValueError:
        raise Invalid("“{address}” is no address.", "Example: 192.168.1.20", address=address) from None
    mapped = parsed.ipv4_mapped if parsed.version == 6 else None
    return mapped or parsed
