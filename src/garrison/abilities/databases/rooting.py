"""The process that looks at a root before it is pinned: the root is on standard input, the answer one line of JSON.

A root is what a publisher's signatures are traced to (TUF specification 1.0, 5.3). It comes from wherever the owner
says, so it is read where no harm comes of it. The answer is {"version": n, "expires": ISO 8601}, or {"error": ...}.
"""

import json
import resource
import sys
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from garrison.linux import sandbox

MOST_BYTES = 512 * 1024
_MEMORY_BYTES = 1024**3
_CPU_SECONDS = 60


def main() -> int:
    """Answer on standard output; return the exit code."""
    sandbox.gain_no_privileges()
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    sys.stdout.write(json.dumps(_looked_at(sys.stdin.buffer.read(MOST_BYTES + 1))) + "\n")
    return 0


def _looked_at(untrusted: bytes) -> dict[str, object]:
    if len(untrusted) > MOST_BYTES:
        return {"error": "it is too large"}
    try:
        metadata: Metadata[Any] = Metadata.from_bytes(untrusted)
        if not isinstance(metadata.signed, Root):
            return {"error": "it is another part of a repository"}
        metadata.verify_delegate(Root.type, metadata)
    except RepositoryError:
        return {"error": "it is not signed by its own keys, or damaged"}
    except (RecursionError, ValueError, KeyError, TypeError, AttributeError, MemoryError):
        return {"error": "it is damaged"}
    return {"version": metadata.signed.version, "expires": metadata.signed.expires.isoformat()}


if __name__ == "__main__":
    sys.exit(main())
