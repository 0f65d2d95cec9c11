"""Which components the contract suite runs over: all of them, the suite's own operations included."""

import ast
from collections.abc import Iterator
from pathlib import Path

from garrison.daemon.catalogue import COMPONENTS
from garrison.daemon.suite import Suite
from garrison.sdk import AnyComponent, describe
from garrison.wire.manifest import Manifest, Operation

EVERYTHING: tuple[type[AnyComponent], ...] = (Suite, *COMPONENTS)
MANIFESTS: tuple[Manifest, ...] = tuple(describe(cls) for cls in EVERYTHING)
OPERATIONS: tuple[Operation, ...] = tuple(op for manifest in MANIFESTS for op in manifest.operations)
SOURCES = (Path("src/garrison/components"), Path("src/garrison/daemon"))


def calls_of(name: str) -> Iterator[tuple[Path, ast.Call]]:
    """Return every call of a function or class by that name in the components' and the daemon's code."""
    for folder in SOURCES:
        for path in sorted(folder.rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name:
                    yield path, node
