import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest

from garrison.abilities.rights import Scope
from garrison.base.errors import PasswordNeeded
from garrison.daemon.tickets import SESSION, Tickets, session_of, session_of_token
from tests.daemon.parts import ANNA, BERND, clock


@pytest.fixture(autouse=True)
def _session() -> None:
    SESSION.set("terminal")


def test_a_ticket_is_for_one_account_in_one_session_for_five_minutes() -> None:
    when = clock()
    tickets = Tickets(when)
    tickets.check(ANNA, Scope.EXIT)  # nothing is protected without a password
    tickets.is_protected = lambda scope: scope is Scope.EXIT
    tickets.check(ANNA, Scope.SETTINGS)
    with pytest.raises(PasswordNeeded, match="“Stop Garrison” needs the password"):
        tickets.check(ANNA, Scope.EXIT)
    assert tickets.give(ANNA)
    tickets.check(ANNA, Scope.EXIT)
    assert not tickets.is_good(BERND)
    SESSION.set("another")
    assert not tickets.is_good(ANNA)
    SESSION.set("terminal")
    when.advance(timedelta(seconds=299))
    assert tickets.is_good(ANNA)
    when.advance(timedelta(seconds=1))
    assert not tickets.is_good(ANNA)


def test_tickets_are_taken_back() -> None:
    tickets = Tickets(clock())
    for caller in (ANNA, BERND):
        tickets.give(caller)
    tickets.take_back(ANNA)
    assert (tickets.is_good(ANNA), tickets.is_good(BERND)) == (False, True)
    tickets.take_back_all()
    assert not tickets.is_good(BERND)


def test_nobody_without_a_session_gets_one() -> None:
    tickets = Tickets(clock())
    SESSION.set("")
    assert not tickets.give(ANNA)
    assert not tickets.is_good(ANNA)


_CONNECT = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); sys.stdin.read()"


def test_sessions_are_those_of_the_processes_at_the_other_end(tmp_path: object) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{tmp_path}/s")
        listening.listen()
        found = []
        for apart in (False, False, True):
            command = [sys.executable, "-c", _CONNECT, f"{tmp_path}/s"]
            with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=apart) as process:
                connection, _ = listening.accept()
                found.append(session_of(connection))
                connection.close()
                process.communicate()
    own = f"process {os.getsid(0)} "
    assert found[0].startswith(own)
    assert found[0] == found[1] != found[2]
    assert found[2]


def test_sessions_of_the_console_are_those_of_its_tokens() -> None:
    assert session_of_token("a") != session_of_token("b")
    assert "secret" not in session_of_token("secret")
    for nothing in (None, 3, ["x"]):
        assert session_of_token(nothing) == ""
