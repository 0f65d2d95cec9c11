"""The process that compiles signatures: its request comes on standard input.

Databases come from other people, and may be huge. So they are read in a process of its own with limits on memory and
time, which may end without harm to anybody.

The request is JSON: {"sources": [path, ...], "to": path or null, "cache": path or null, "pua": bool, "unsigned": bool,
"about": {name: text} for the set's description, if any}; or what `assembling` or `accepting` takes. "parent" in it is
the number of the process that asks, with which this one ends.
The answer is one line of JSON: {"folder": path, "report": what `BuildReport.to_plain` returns, or null}, or
{"error": ...}.
"""

import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.linux import sandbox

_GIB = 1024**3
_MEMORY_BYTES = 6 * _GIB  # of addresses: memory maps of what it writes count too
_FEED_MEMORY_BYTES = 3 * _GIB  # for looking at one feed
_CPU_SECONDS = 3600
_LOW_PRIORITY = 10


def main() -> int:
    """Do what standard input asks, and answer on standard output; return the exit code."""
    request = json.load(sys.stdin)
    try:
        _confine(request["parent"], _FEED_MEMORY_BYTES if request.get("do") == "accept" else _MEMORY_BYTES)
        answer = _answer(request)
    except GarrisonError as error:
        answer = {"error": error.to_plain()}
    except MemoryError:
        answer = {"error": {"code": "failed", "text": "The databases need too much memory.", "hint": "", "fix": ""}}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _confine(parent: int, memory_bytes: int) -> None:
    """Give up what compiling needs not, and end with whoever asked."""
    sandbox.gain_no_privileges()
    if os.geteuid() == 0:
        sandbox.isolate()  # anybody else would lose the right to make files
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(_LOW_PRIORITY)
    sandbox.die_with_parent(parent)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    # What one request needs is loaded for it alone: loading all takes as long as putting a small update together.
    if request.get("do") == "accept":
        from garrison.abilities.databases.accepting import accept  # noqa: PLC0415 # late: each request loads its own

        return accept(request)
    if "assemble" in request:
        from garrison.abilities.databases.assembling import assemble  # noqa: PLC0415 # likewise

        return assemble(request["assemble"])
    return _compiled(request)


def _compiled(request: dict[str, Any]) -> dict[str, Any]:
    from garrison.abilities.databases.building import compile_sources, compiled_in  # noqa: PLC0415 # likewise
    from garrison.engine.signatures.build import Options  # noqa: PLC0415 # likewise
    from garrison.engine.signatures.proofs import Trust  # noqa: PLC0415 # likewise

    sources = [Path(source) for source in request["sources"]]
    options = Options(pua=request["pua"], trust=Trust(allow_unsigned=request["unsigned"]))
    if request["to"] is None:
        return {"folder": str(compiled_in(Path(request["cache"]), sources, options)), "report": None}
    to = Path(request["to"])
    return {"folder": str(to), "report": compile_sources(sources, to, request.get("about"), options).to_plain()}


if __name__ == "__main__":
    sys.exit(main())
