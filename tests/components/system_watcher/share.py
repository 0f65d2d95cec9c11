"""A share of Debian's smbd on a network namespace's loopback, destroyed by a client and guarded: run by test_shares.

Prints one JSON object. Arguments: the volume, a work folder.
"""

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from garrison.abilities.quarantine import Quarantine
from garrison.abilities.rewinding import Rewinding
from garrison.base.clock import SystemClock
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.components.system_watcher.shares import Shares
from garrison.linux.nftables import Filter
from garrison.wire.watching import Alarm, Documents
from tests.gate.attacks import make_documents
from tests.gate.volumes import Watcher

ADDRESS = "127.0.0.1"
PRETENDED = "192.0.2.9"  # what the client calls itself
CONFIG = """[global]
private dir = {work}
lock directory = {work}
state directory = {work}
cache directory = {work}
pid directory = {work}
ncalrpc dir = {work}/ncalrpc
log file = {work}/log
server role = standalone server
map to guest = Bad User
guest account = nobody
load printers = no
disable spoolss = yes
interfaces = lo
bind interfaces only = yes
smb ports = 445
[docs]
path = {docs}
guest ok = yes
read only = no
force user = root
"""


def client(config: Path, *commands: str, seconds: float = 60) -> int:
    words = ["smbclient", f"//{ADDRESS}/docs", "-N", "-s", str(config), "-t", "4", "-c", "; ".join(commands)]
    try:
        return subprocess.run(words, capture_output=True, check=False, timeout=seconds).returncode
    except subprocess.TimeoutExpired:
        return -1


def main(place: Path, work: Path) -> dict[str, object]:
    docs = place / "docs"
    docs.mkdir()
    made = make_documents(docs, 20)
    (docs / "fresh").mkdir()
    config = work / "smb.conf"
    config.write_text(CONFIG.format(work=work, docs=docs), "ascii")
    os.environ["SMB_CONF_PATH"] = str(config)
    random = work / "random"
    random.write_bytes(os.urandom(5000))
    home = Home(work / "home")
    home.prepare()
    rewinding = Rewinding(home, Quarantine(home, SystemClock()))
    plan = Documents(str(rewinding.folder), (str(docs),))
    told: dict[str, object] = {}
    with subprocess.Popen(
        ["smbd", "-F", "--no-process-group", "-s", str(config)], stdout=subprocess.DEVNULL, start_new_session=True
    ) as smbd:
        try:
            deadline = time.monotonic() + 20
            while client(config, "ls") and time.monotonic() < deadline:
                time.sleep(0.2)
            told["served"] = client(config, "ls") == 0
            with Watcher() as watcher:
                watcher.go_by(plan)
                puts = [f"put {random} {os.path.relpath(path, docs)}" for path in sorted(made)]
                said = work / "said"
                with said.open("wb") as output, subprocess.Popen(
                    ["smbclient", f"//{ADDRESS}/docs", "-N", "-s", str(config), "-n", PRETENDED, "-c", "; ".join(puts)],
                    stdout=output, stderr=subprocess.STDOUT,
                ) as attack:  # fmt: skip
                    fact = watcher.wait_for("Alarm", 20)
                    assert fact is not None, (told, said.read_text("utf-8", "replace"))
                    alarm = Alarm.from_plain({name: value for name, value in fact.items() if name != "fact"})
                    told["program"], told["stopped"] = alarm.program, len(alarm.stopped["processes"])
                    told["touched"] = sum(Path(path).read_bytes() != content for path, content in made.items())
                    shares = Shares()
                    told["client"] = clients = shares.clients_of(alarm.pid)
                    for address in clients:
                        shares.block(address, 60)
                    asyncio.run(rewinding.undo(alarm))
                    watcher.go_by(replace(plan, decided={alarm.id: "end"}))
                    attack.kill()
            told["damaged"] = sum(Path(path).read_bytes() != content for path, content in made.items())
            told["serves_others"] = smbd.poll() is None
            told["blocked"] = client(config, "ls", seconds=6) != 0
            with Filter() as packets:
                told["lasts"] = '"timeout": 3600' in packets.run("list table inet garrison_shares")
            shares.unblock(ADDRESS)
            told["served_again"] = client(config, "ls") == 0
            try:
                shares.unblock(ADDRESS)
            except GarrisonError as error:
                told["unblocked_twice"] = error.text
        finally:
            smbd.terminate()
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]))))
