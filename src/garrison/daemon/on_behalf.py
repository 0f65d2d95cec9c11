"""Whom the console speaks for: its process may ask for nothing by itself, only on behalf of who opened it."""

import socket
import struct
from typing import Any

from garrison.abilities.sessions import Sessions
from garrison.base.errors import GarrisonError, Refused
from garrison.sdk import Caller

_CREDENTIALS = struct.Struct("iII")  # struct ucred: process, user, group


class OnBehalf:
    """Turns the console's requests into those of the account whose session they carry."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def is_console(self, connection: socket.socket) -> bool:
        """Whether the console's process is at the other end (SO_PEERCRED, unix(7)): the one that the suite started."""
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        process, _, _ = _CREDENTIALS.unpack(raw)
        return bool(self._sessions.process) and process == self._sessions.process

    def answer(self, request: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer to what the console asks for itself; None when it is a call, or nothing known."""
        if isinstance(ticket := request.get("redeem"), str):
            try:
                return {"result": self._sessions.redeem(ticket)}
            except GarrisonError as error:
                return {"error": error.to_plain()}
        if isinstance(token := request.get("sign-out"), str):
            self._sessions.end(token)
            return {"result": None}
        if isinstance(what := request.get("refused"), str):
            self._sessions.refuse(what, str(request.get("detail", "")))
            return {"result": None}
        return None

    def caller(self, request: dict[str, Any]) -> Caller:
        """Return the account that a call of the console is for. Raises Refused."""
        token = request.get("session")
        if not isinstance(token, str):
            raise Refused("The console may ask for nothing by itself.", "Open it anew: garrison console")
        return self._sessions.caller(token)
