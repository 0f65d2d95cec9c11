"""The console's process at the door: it may ask for nothing by itself."""

import asyncio
import os
from pathlib import Path

from garrison.abilities.rights import Rights
from garrison.abilities.sessions import Sessions
from garrison.daemon.door import Door
from garrison.daemon.jobs import Jobs
from garrison.daemon.on_behalf import OnBehalf
from garrison.daemon.server import Server, bind
from garrison.sdk import Caller, Component, Settings, action
from garrison.sdk.testing import FakeHost
from tests.daemon.parts import ANNA, clock
from tests.daemon.test_server import Talk


class Mirror(Component[Settings]):
    """Says who asks."""

    id = "mirror"
    title = "Mirror"

    @action("Who")
    def who(self, caller: Caller) -> int:
        """Say who asks."""
        return caller.uid


def test_it_calls_for_whoever_is_signed_in_and_for_nobody_else(tmp_path: Path) -> None:
    asyncio.run(_script(tmp_path / "door.sock"))


async def _script(path: Path) -> None:
    sessions = Sessions(clock())
    async with asyncio.TaskGroup() as group:
        door = Door(Rights(), Jobs(group, clock()), lambda event, caller: None)
        door.add(Mirror(FakeHost(), Settings()))
        server = Server(door, (), "digest", lambda: None, OnBehalf(sessions))
        with bind(path, shared=False) as listening:
            serving = group.create_task(server.serve(listening))
            async with Talk(path) as other:  # a process that is not the console's is who it is, whatever it says
                other.say({"id": 1, "call": "mirror.who", "session": "nonsense"})
                assert (await other.hear())["result"] == os.geteuid()
                other.say({"id": 2, "redeem": sessions.ticket(ANNA)})
                assert "names no operation" in (await other.hear())["error"]["text"]
            sessions.process = os.getpid()
            async with Talk(path) as console:
                await _as_console(console, sessions)
            serving.cancel()


async def _as_console(console: Talk, sessions: Sessions) -> None:
    refused: list[tuple[str, str]] = []
    sessions.on_refused = lambda what, detail: refused.append((what, detail))
    for session in (None, 7, "", "stolen"):
        console.say({"id": 1, "call": "mirror.who", "session": session})
        assert (await console.hear())["error"]["code"] == "refused"
    console.say({"id": 2, "describe": True})
    assert (await console.hear())["result"] == []
    ticket = sessions.ticket(ANNA)
    console.say({"id": 3, "redeem": ticket})
    token = (await console.hear())["result"]
    console.say({"id": 4, "call": "mirror.who", "session": token})
    assert (await console.hear())["result"] == ANNA.uid
    console.say({"id": 5, "redeem": ticket})
    assert (await console.hear())["error"]["code"] == "refused"
    console.say({"id": 6, "refused": "origin", "detail": "http://evil.example"})
    assert (await console.hear())["result"] is None
    assert refused == [("ticket", ""), ("origin", "http://evil.example")]
    console.say({"id": 7, "sign-out": token})
    await console.hear()
    console.say({"id": 8, "call": "mirror.who", "session": token})
    assert (await console.hear())["error"]["fix"] == ""
