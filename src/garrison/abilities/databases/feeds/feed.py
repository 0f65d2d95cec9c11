"""What a feed is, and what one kind of feed has to know.

A feed is fetched in rounds. What came is looked at by the compiling process, in a sandbox, which either asks for more
files or writes what the feed is now into a folder of its own; so no byte of a feed is read anywhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from garrison.engine.signatures.proofs import Trust

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of signatures, or of data for other protections.

    kind: of `kinds.KINDS`. address: http(s)://, file:// or a path. licence, terms: what its publisher asks for, shown
    before it is switched on. is_ours: whether it is one of the list that comes with Garrison. hosts: beside its own,
    those that its publisher's server refers to.
    """

    id: str
    kind: str
    address: str
    title: str
    licence: str = ""
    terms: str = ""
    is_on: bool = False
    is_ours: bool = False
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file of a feed. name: what it is called among what came. is_optional: the feed does without it."""

    address: str
    name: str
    most_bytes: int
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Came:
    """What there is to look at.

    feed: which. folder: with the files that came, by name. tried: the names that were asked for. kept: the folder of
    what the feed was until now, which may not be there.
    """

    feed: Feed
    folder: Path
    tried: frozenset[str]
    kept: Path

    def file(self, name: str) -> Path | None:
        """Return a file that came, None when it did not."""
        path = self.folder / name
        return path if path.is_file() else None


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came of looking. more: files that are wanted too, then nothing was written. about: for people.

    digest: of all that was written, once it is on the disk.
    """

    more: tuple[File, ...] = ()
    about: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""


class Kind(Protocol):
    """One kind of feed. compiles: whether what it brings are signatures for the scanner."""

    compiles: bool

    def first(self, feed: Feed, kept: Path) -> tuple[File, ...]:
        """Return what to ask for first."""
        ...

    def stands_for(self, name: str) -> str:
        """Return the file that is not wanted any more once one came: most often that file itself."""
        return name

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:
        """Look at what came, and write what the feed is now into an empty folder. Raises Invalid, OSError.

        Runs in the compiling process only.
        """
        ...


class OneFile(Kind, Protocol):
    """A kind whose feeds are one file. name: what it is called among what came. most_bytes: of the file."""

    name: str
    most_bytes: int

    def first(self, feed: Feed, kept: Path) -> tuple[File, ...]:  # noqa: ARG002 # every kind is asked so
        """Return that file."""
        return (File(feed.address, self.name, self.most_bytes),)
