"""What the scanner knows: sets of signatures on disk, how they are built, where they come from.

The names are loaded when they are asked for: the small processes of this room (`verifying`, `compiling`) run at every
update, and most of them need neither the engine nor the compilers.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from garrison.abilities.databases.building import (
        check_folder,
        compile_sources,
        compiled_in,
        find_sources,
        name_of,
    )
    from garrison.abilities.databases.sets import Databases, own_rules

__all__ = ["Databases", "check_folder", "compile_sources", "compiled_in", "find_sources", "name_of", "own_rules"]

_IN_SETS = {"Databases", "own_rules"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'sets' if name in _IN_SETS else 'building'}"), name)
