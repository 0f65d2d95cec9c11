"""./dev campaign NAME --seed N --times N: a long proof, run in full once; ./dev test runs ten of each."""

import argparse
import importlib
import time

CAMPAIGNS = {
    "coverage": "tests.engine.coverage",  # --times: seconds for each target
    "engine-fuzz": "tests.engine.fuzz",
    "patterns": "tests.engine.patterns.campaign",
    "false-positives": "tests.engine.false_positives",
    "packages": "tests.engine.packages",
    "worker-abuse": "tests.worker.campaign",
    "databases-kill": "tests.abilities.databases.campaign",
    "quarantine-kill": "tests.abilities.campaign",
    "daemon-kill": "tests.daemon.campaign",
    "gate-kill": "tests.keeper.campaign",
    "watcher-office": "tests.gate.campaign",
    "upgrade-kill": "tests.abilities.application.campaign",
}


def main(arguments: list[str]) -> int:
    """Run one; a failed assertion ends it with its trace."""
    parser = argparse.ArgumentParser(prog="./dev campaign")
    parser.add_argument("name", choices=sorted(CAMPAIGNS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--only", default="", help="the beginning of names, for a campaign of several parts")
    options = parser.parse_args(arguments)
    began = time.monotonic()
    only = {"only": options.only} if options.only else {}
    importlib.import_module(CAMPAIGNS[options.name]).campaign(options.seed, options.times, **only)
    print(f"{options.name}: {options.times} times with seed {options.seed}, {time.monotonic() - began:.0f} s, all held")
    return 0
