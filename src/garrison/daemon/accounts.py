"""Accounts of this computer, with their groups as the account database has them."""

import os
import pwd

from garrison.base.errors import NotFound, Unavailable
from garrison.sdk import Caller


def account_of(uid: int, gid: int) -> Caller:
    """Return the account of a process; one that is in no account database has only its own group."""
    try:
        return Caller(uid, gid, tuple(os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)))
    except KeyError:
        return Caller(uid, gid, (gid,))


def account_named(name: str) -> Caller:
    """Return an account by name. Raises NotFound; Unavailable when this daemon cannot act for it."""
    try:
        entry = pwd.getpwnam(name)
    except (KeyError, ValueError) as error:
        raise NotFound(f"There is no account “{name}” on this computer.") from error
    if os.geteuid() not in {0, entry.pw_uid}:
        raise Unavailable("Only the whole computer's suite can act for another account.", "See: garrison --system")
    return account_of(entry.pw_uid, entry.pw_gid)
