"""Places in a walk through folders, which compare in the order of the walk."""

from dataclasses import dataclass
from typing import Any, Self

_FILE, _NOTE, _FOLDER = range(3)  # a folder is walked in this order, and then by name


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a walk. root: the number of the path it began at. key: of the path below it, () for its start."""

    root: int = 0
    key: tuple[tuple[int, str], ...] = ()

    @classmethod
    def of_file(cls, root: int, path: str) -> Self:
        """Return the place of a file: those of a folder come before the folders in it."""
        folder, _, name = path.rpartition("/")
        return cls(root, (*_steps(folder), (_FILE, name)))

    @classmethod
    def of_folder(cls, root: int, path: str) -> Self:
        """Return the place of a folder, before all that is in it."""
        return cls(root, _steps(path))

    @classmethod
    def of_note(cls, root: int, path: str) -> Self:
        """Return the place after all files of a folder and before the folders in it."""
        return cls(root, (*_steps(path), (_NOTE, "")))

    def plain(self) -> list[Any]:
        """Return it for a file."""
        return [self.root, [list(part) for part in self.key]]

    @classmethod
    def from_plain(cls, untrusted: Any) -> Self:
        """Return what `plain` gave. Raises ValueError, TypeError."""
        root, key = untrusted
        if not isinstance(root, int) or not all(isinstance(kind, int) and isinstance(name, str) for kind, name in key):
            raise ValueError("this is no place in a walk")
        return cls(root, tuple((kind, name) for kind, name in key))


def _steps(folder: str) -> tuple[tuple[int, str], ...]:
    return tuple((_FOLDER, name) for name in folder.split("/") if name)
