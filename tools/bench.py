"""./dev bench NAME [--json]: a benchmark beside its peer."""

import importlib
import json
import pkgutil
import sys
from typing import Any

import bench

_MISSED = 2


def main(arguments: list[str]) -> int:
    """Return 2 when a target was missed."""
    names = sorted(module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_"))
    as_json = "--json" in arguments
    wanted = [argument for argument in arguments if argument != "--json"]
    if len(wanted) != 1 or wanted[0] not in names:
        print(f"Usage: ./dev bench NAME [--json], NAME one of: {', '.join(names)}", file=sys.stderr)
        return 1
    measured: dict[str, Any] = importlib.import_module(f"bench.{wanted[0]}").measure()
    if as_json:
        print(json.dumps(measured, indent=1))
    else:
        _print(measured)
    return 0 if all(row["met"] for row in measured["rows"]) else _MISSED


def _print(measured: dict[str, Any]) -> None:
    for row in measured["rows"]:
        print(
            f"{row['work']}: {row['ours']:.4g} {row['unit']}; {row['peer_version']}: {row['peer']:.4g} {row['unit']};"
            f" ratio {row['ratio']:.2f}; target {row['target']}: {'met' if row['met'] else 'MISSED'}"
            f" ({row['rounds']} rounds)"
        )
    for row in measured.get("detections", []):
        print(f"{row['work']}: found {row['ours']}, the peer {row['peer']}")
