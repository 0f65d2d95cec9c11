"""One table: what reads a file of signatures, by the end of its name."""

from collections.abc import Mapping
from typing import BinaryIO, Final

from garrison.engine.signatures import digests, small
from garrison.engine.signatures.compilation import Compilation, Reader, TakeLine, by_line, whole
from garrison.engine.signatures.ledger import Tally

IGNORE_LISTS: Final = frozenset({".ign", ".ign2"})
CONTAINERS: Final = frozenset({".cvd", ".cld", ".cud"})
PROOF: Final = ".sign"
SILENT: Final = frozenset({"COPYING", ".info", PROOF})  # about the signatures, and none themselves
_RULES_BYTES = 64 * 1024 * 1024


def _rules(into: Compilation, tally: Tally, file: BinaryIO) -> None:
    """Take a file of YARA rules; each is counted when all are compiled."""
    content = file.read(_RULES_BYTES + 1)
    if len(content) > _RULES_BYTES:
        tally.read += 1
        into.ledger.skip(tally, "", "the whole file", "it is too large")
        return
    into.rules.append((tally.source, content.decode("utf-8", "surrogateescape")))


def _unwanted(take: TakeLine) -> Reader:
    """Return the reader for signatures on what is merely unwanted."""
    refuse, accept = whole("potentially unwanted: not asked for"), by_line(take)

    def read(into: Compilation, tally: Tally, file: BinaryIO) -> None:
        (accept if into.pua else refuse)(into, tally, file)

    return read


_hashes = digests.clamav("hashes")
_sections = digests.clamav("sections", is_size_first=True)
_allowed = by_line(digests.clamav("allowed"))

READERS: Final[Mapping[str, Reader]] = {
    ".hdb": by_line(_hashes),
    ".hsb": by_line(_hashes),
    ".hdu": _unwanted(_hashes),
    ".hsu": _unwanted(_hashes),
    ".mdb": by_line(_sections),
    ".msb": by_line(_sections),
    ".mdu": _unwanted(_sections),
    ".msu": _unwanted(_sections),
    ".imp": by_line(digests.imports),
    ".ndb": by_line(small.extended()),
    ".ndu": _unwanted(small.extended(is_pua=True)),
    ".ldb": by_line(small.logical()),
    ".ldu": _unwanted(small.logical(is_pua=True)),
    ".fp": _allowed,
    ".sfp": _allowed,
    ".ign": by_line(small.ignored),
    ".ign2": by_line(small.ignored),
    ".cdb": by_line(small.listed),
    ".pwdb": by_line(small.password),
    ".yar": _rules,
    ".yara": _rules,
    ".pdb": by_line(small.verbatim("url-pdb.txt")),
    ".wdb": by_line(small.verbatim("url-wdb.txt")),
    ".gdb": by_line(small.verbatim("url-gdb.txt")),
    ".ftm": by_line(small.typed),
    ".cfg": whole("settings of ClamAV's engine: not ours"),
    ".crb": whole("certificates of signed programs: not checked"),
    ".cat": whole("catalogues of signed programs: not checked"),
    ".idb": whole("icons: not compared"),
    ".cbc": whole("bytecode: not run"),
}
PLAIN: Final = by_line(digests.plain, is_loose=True)
LISTS: Final = frozenset({"", ".txt", ".csv", ".md5", ".sha1", ".sha256", ".list"})


def ending(name: str) -> str:
    """Return the end of a file's name, "" when it has none: ".hdb" of "daily.hdb"."""
    base = name.rsplit("/", 1)[-1]
    stem, dot, end = base.rpartition(".")
    return f".{end.lower()}" if dot and stem else ""


def reader_of(name: str) -> Reader | None:
    """Return what reads a file that somebody gave us; None when it is of no kind we know."""
    end = ending(name)
    return READERS.get(end) or (PLAIN if end in LISTS else None)


def is_signature_file(name: str) -> bool:
    """Return whether the end of a name tells that this is a file of signatures, so that walks of folders take it."""
    end = ending(name)
    return end in READERS or end in CONTAINERS or end in LISTS - {"", ".txt"} or end == PROOF
