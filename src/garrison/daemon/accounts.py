"""Accounts of this computer, with their groups."""

import errno
import os
import pwd
import socket
import struct

from garrison.base.errors import NotFound, Unavailable
from garrison.sdk import Caller
from garrison.wire.client import peer_of

_SO_PEERGROUPS = 59  # asm-generic/socket.h, Linux 4.13; Python does not name it
_MOST_BYTES = 1024  # that Python lets getsockopt return: 256 groups


def caller_of(connection: socket.socket) -> Caller:
    """Return the account at the other end of a socket, with the groups that its process really has.

    A process may have fewer than its account: what it gave up, it does not get back through us.
    """
    uid, gid = peer_of(connection)
    try:
        raw = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _MOST_BYTES)
    except OSError as error:
        if error.errno == errno.ERANGE:  # more than we can learn of: rather too few than too many
            return Caller(uid, gid, (gid,))
        return account_of(uid, gid)
    groups = struct.unpack(f"{len(raw) // 4}I", raw)
    return Caller(uid, gid, tuple(dict.fromkeys((gid, *groups))))


def account_of(uid: int, gid: int) -> Caller:
    """Return an account as the account database has it; one that is in none has only its own group."""
    try:
        return Caller(uid, gid, tuple(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)))
    except KeyError:
        return Caller(uid, gid, (gid,))


def account_named(name: str) -> Caller:
    """Return an account by name. Raises NotFound; Unavailable when this daemon cannot act for it."""
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError) as error:
        raise NotFound("There is no account “{name}” on this computer.", name=name) from error
    if os.geteuid() not in {0, entry.pw_uid}:
        raise Unavailable("Only the whole computer's suite can act for another account.", "See: garrison --system")
    return account_of(entry.pw_uid, entry.pw_gid)
