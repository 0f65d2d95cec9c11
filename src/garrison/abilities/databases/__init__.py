"""What the scanner knows: sets of signatures on disk, how they are built, where they come from."""

from garrison.abilities.databases.building import check_folder, compile_sources, compiled_in, find_sources, name_of
from garrison.abilities.databases.sets import Databases, own_rules

__all__ = ["Databases", "check_folder", "compile_sources", "compiled_in", "find_sources", "name_of", "own_rules"]
