"""Runs one of the developers' commands: python -m tools COMMAND."""

import sys
from collections.abc import Callable

from tools import bench, campaign, catalogue, check, cldr, golden, lock, scaffold, suite, vendor

COMMANDS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "test": (suite.main, "everything that must hold: the checks, then all tests"),
    "check": (check.main, "format, lint, types, imports, dead code, docs"),
    "component": (scaffold.main, "NAME: make a new component that passes the contract suite"),
    "golden": (golden.main, "write the golden manifest and the reference documentation anew"),
    "bench": (bench.main, "NAME [--json]: measure beside a peer"),
    "campaign": (campaign.main, "NAME --seed N --times N: a long proof"),
    "catalogue": (catalogue.main, "gather all texts for the translators, and compile what they made of them"),
    "languages": (cldr.main, "write anew how each language writes numbers, dates, sizes and spans (CLDR)"),
    "lock": (lock.main, "resolve the dependencies anew and write both locks"),
    "vendor": (vendor.main, "fetch from npm what the pages need of others' work, and write it anew"),
}


def main() -> int:
    """Dispatch."""
    name, rest = (sys.argv[1] if len(sys.argv) > 1 else ""), sys.argv[2:]
    if name not in COMMANDS:
        print("Usage: ./dev COMMAND\n")
        for known, (_, what) in COMMANDS.items():
            print(f"  {known:<10} {what}")
        return 0 if name in {"", "--help", "-h"} else 1
    return COMMANDS[name][0](rest)


if __name__ == "__main__":
    sys.exit(main())
