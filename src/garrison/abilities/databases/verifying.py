"""The process that looks at fetched targets once more: whoever fetched them spoke with strangers, and this one did not.

The request is JSON on standard input: {"trust": folder, "targets": {name: path}, "parent": process}. The folder has the
pinned root.json, and in `metadata` what was signed since. Signatures are traced from the pinned root down to each file
(TUF specification 1.0, 5.3 to 5.7); what time and versions tell was looked at when it was fetched. The answer is {} or
{"error": ...}.
"""

import json
import os
import resource
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from garrison.base.errors import Failed
from garrison.linux import sandbox

_MEMORY_BYTES = 1024**3
_CPU_SECONDS = 600
_MOST_BYTES = 4 * 1024 * 1024
_LOW_PRIORITY = 10


def main() -> int:
    """Answer on standard output; return the exit code."""
    request = json.load(sys.stdin)
    sandbox.die_with_parent(request["parent"])
    sandbox.gain_no_privileges()
    if os.geteuid() == 0:
        sandbox.isolate()  # anybody else would lose the right to read the folder
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    os.nice(_LOW_PRIORITY)
    answer: dict[str, object] = {}
    try:
        verify(Path(request["trust"]), request["targets"])
    except (RepositoryError, RecursionError, ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        problem = Failed("What was fetched is not what the publisher signed.", str(error)[:200])
        answer = {"error": problem.to_plain()}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def verify(trust: Path, targets: Mapping[str, str]) -> None:
    """Trace each target to the pinned root. Raises what TUF's library does, OSError, ValueError and KeyError."""
    root = _root(trust)
    timestamp = _signed(trust, root, "timestamp")[0]
    snapshot, content = _signed(trust, root, "snapshot")
    _matches(timestamp.snapshot_meta, snapshot, content)
    listed, content = _signed(trust, root, "targets")
    _matches(snapshot.meta["targets.json"], listed, content)
    for name, path in targets.items():
        with open(path, "rb") as file:
            listed.targets[name].verify_length_and_hashes(file)


def _root(trust: Path) -> Root:
    """Return the newest root that the pinned one leads to."""
    metadata: Metadata[Any] = Metadata.from_bytes(_read(trust / "root.json"))
    root: Root = metadata.signed
    root.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
    for version in count(root.version + 1):
        path = trust / "metadata" / "root_history" / f"{version}.root.json"
        if not path.is_file():
            return root
        metadata = Metadata.from_bytes(_read(path))
        for known in (root, metadata.signed):
            known.verify_delegate(Root.type, metadata.signed_bytes, metadata.signatures)
        root = metadata.signed
        if root.version != version:
            raise ValueError("a root has another version")
    raise AssertionError("versions do not end")


def _signed(trust: Path, root: Root, role: str) -> tuple[Any, bytes]:
    content = _read(trust / "metadata" / f"{role}.json")
    metadata: Metadata[Any] = Metadata.from_bytes(content)
    if metadata.signed.type != role:
        raise ValueError(f"{role} is something else")
    root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
    return metadata.signed, content


def _matches(told: Any, signed: Any, content: bytes) -> None:
    told.verify_length_and_hashes(content)
    if told.version != signed.version:
        raise ValueError("parts of different publications")


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is too large")
    return content


if __name__ == "__main__":
    sys.exit(main())
