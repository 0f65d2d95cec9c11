"""Openers whose code is loaded when the first object needs it: most objects need few of them."""

from collections.abc import Iterator
from importlib import import_module

from garrison.engine.formats.opener import Member, Opener
from garrison.engine.guard import Guard
from garrison.engine.source import Source

PACKAGE = "garrison.engine.formats"
_named: set[str] = set()


def opener(module: str, function: str = "members", *arguments: object) -> Opener:
    """Return an opener of a module of this package. arguments: when there are any, the function makes the opener."""
    _named.add(module)

    def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
        found = getattr(import_module(f"{PACKAGE}.{module}"), function)
        opens: Opener = found(*arguments) if arguments else found
        return opens(source, guard, name)

    return members


def load() -> None:
    """Load the code of all openers, which takes some 40 ms: who forks spares every process that comes after it."""
    for module in sorted(_named):
        import_module(f"{PACKAGE}.{module}")
