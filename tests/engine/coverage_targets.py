"""What is fuzzed with coverage as the guide: every opener, and every other reader of bytes that others wrote.

A target takes bytes and raises when a promise is broken. Openers are held to the contract of tests/engine/opening.py;
the promises of a whole verdict are put to the target `examine`, whose seeds are of every format.
"""

import importlib
import inspect
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from garrison.base.errors import Invalid
from garrison.engine import examine as engine
from garrison.engine.booting import grub
from garrison.engine.budget import Budget, Unbounded
from garrison.engine.curing.cure import NotCurable, cure
from garrison.engine.databases import Detector
from garrison.engine.emulation.unpacker import unpack
from garrison.engine.formats import excel4, implode, lzh, nsis_bzip2, packed, pdf_filters, tar, upx, upx_codecs, vba
from garrison.engine.formats.late import PACKAGE
from garrison.engine.formats.opener import Opener
from garrison.engine.formats.openers import OPENERS
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.heuristics.assess import assess
from garrison.engine.identify import identify_source
from garrison.engine.programs.pe import read_headers
from garrison.engine.signatures import cdiff
from garrison.engine.signatures.build import Options
from garrison.engine.signatures.containers import HEADER_BYTES, Container
from garrison.engine.signatures.proofs import Trust, proves_file
from garrison.engine.source import Source
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Verdict
from garrison.engine.yara.literals import literals_in
from garrison.engine.yara.text import Unreadable, included, read_rules
from tests.engine import samples
from tests.engine.opening import PIECE, SMALL, opened
from tests.engine.programs import making

Run = Callable[[bytes], None]
_UNSIGNED = Trust(allow_unsigned=True)
_SECONDS = 0.5  # for the emulator, whose own limit is minutes when it is instrumented
_DATABASES = ("ndb", "ldb", "cdb", "hdb", "mdb", "imp", "fp", "ign2", "pwdb", "txt")


@dataclass(frozen=True, slots=True)
class Target:
    """One reader. opener: what it is, when it is one. why_risky: why it gets five times the time, "" for the others."""

    name: str
    run: Run
    opener: Opener | None = None
    why_risky: str = ""


class Within:
    """A budget of processor time, as a worker has one of time."""

    def __init__(self, seconds: float) -> None:
        self._end = time.process_time() + seconds

    def spent(self) -> bool:
        return time.process_time() > self._end


RISKY = {
    "packed": "runs what the bytes say, in a processor, memory and system of our own",
    "pdf": "objects, filters, predictors and ciphers that name each other, and no order in the file",
    "ole_streams": "chains of sectors, compressed macros, records and ciphers in one format, and the usual carrier",
    "mail": "met by everybody, sent by anybody, and written against scanners: what is a boundary is guessed",
    "zip": "the usual wrapper, told twice in each file; holes are searched, and nine methods are unpacked",
}


def open_with(opener: Opener, content: bytes) -> None:
    budget = Within(_SECONDS) if opener is packed.members else None
    opened(opener, content, limits=SMALL, budget=budget)


def name_of(opener: Opener, kind: Type) -> str:
    """Return the name of the opener's file, with what tells its openers apart."""
    module = opener.__module__.rpartition(".")[2]
    if "<locals>" in opener.__qualname__:
        return f"{module}.{kind.value}"
    return module + opener.__name__.replace("members", "").replace("_", ".", 1)


def loaded(late: Opener) -> Opener:
    """Return the function behind an opener that is loaded late: here it has to be while the engine is instrumented."""
    told = inspect.getclosurevars(late).nonlocals
    found: Any = getattr(importlib.import_module(f"{PACKAGE}.{told['module']}"), told["function"])
    opener: Opener = found(*told["arguments"]) if told["arguments"] else found
    return opener


def openers_of(kind: Type) -> dict[str, Opener]:
    """Return the openers of a type, by the names of their targets."""
    return {name_of(opener, kind): opener for opener in map(loaded, OPENERS[kind])}


def openers() -> dict[str, Opener]:
    """Return every opener once, and the one behind that of packed programs."""
    return {name: opener for kind in OPENERS for name, opener in openers_of(kind).items()} | {
        "upx.of_pe": upx.members_of_pe
    }


@cache
def known() -> Detector:
    return samples.detector()


def examine(content: bytes) -> None:
    """The promises that a whole examination makes, as tests/engine/fuzz.py has them."""
    verdict = engine.examine(Source(content), "sample.tar.gz", known(), SMALL, Within(4 * _SECONDS))
    assert verdict.objects <= SMALL.members
    assert verdict.bytes <= len(content) + SMALL.total_bytes + PIECE
    assert bool(verdict.sha256) == bool(verdict.findings)
    assert Verdict.from_plain(verdict.to_plain()) == verdict


def program(content: bytes) -> None:
    """Headers, imports and their hash, resources and versions of a PE, ELF or Mach-O program."""
    subject = Subject(content, identify_source(Source(content)), "sample")
    read = subject.program()
    if read is None:
        return
    end = len(content)
    assert all(0 <= section.offset <= section.offset + section.size <= end for section in read.sections)
    assert -1 <= read.entry_point < end
    assert 0 <= read.overlay <= end
    assert len(read.import_hash) == (16 if read.imports else 0)
    assert all(0 <= at <= at + size <= end for at, size in read.version_strings)
    assert all(0 <= at <= at + size <= end for _, _, at, size in read.resources)


def heuristics(content: bytes) -> None:
    assess(Subject(content, identify_source(Source(content)), "sample.doc.js"))


def guard_of(content: bytes, budget: Budget | None = None) -> Guard:
    return Guard(SMALL, budget or Unbounded(), len(content))


def run_code(content: bytes) -> None:
    """The input as the code of a program, which the emulator runs."""
    whole = making.pe((b".text", content[:4096] or b"\xc3", 0xE0000060))
    headers = read_headers(whole)
    assert headers is not None
    emulate(whole)


def emulate(content: bytes) -> None:
    """Let a program unpack itself, whether it looks packed or not."""
    headers = read_headers(content)
    if headers is None or headers.is_64:
        return
    try:
        images = list(unpack(headers, guard_of(content, Within(_SECONDS))))
    except Incomplete:
        return
    assert len(images) <= 2


def codecs(content: bytes) -> None:
    """Unpackers that are not to be reached through whatever checks stand before them: the first byte chooses one."""
    chosen, data = content[:1], content[1:]
    guard = guard_of(data)
    try:
        for piece in _CODECS[chosen[0] % len(_CODECS) if chosen else 0](data, guard):
            guard.grew(len(piece))
    except (Incomplete, EOFError, ValueError):
        return  # as each of them says


def _filtered(data: bytes, guard: Guard) -> Iterator[bytes]:
    names = (b"LZWDecode", b"ASCII85Decode", b"RunLengthDecode", b"ASCIIHexDecode", b"FlateDecode")
    chosen = data[0] if data else 0
    parameters = pdf_filters.Parameters(predictor=chosen >> 4, colors=1 + chosen % 3, bits=8, columns=1 + chosen % 40)
    return pdf_filters.decode(data[1:], (names[chosen % len(names)],), parameters, guard)


def _upx(data: bytes, guard: Guard) -> Iterator[bytes]:
    yield upx_codecs.unpack((2, 5, 8, 14)[data[0] % 4] if data else 2, data[1:], 60_000, guard) or b""


def _sheets(data: bytes, _guard: Guard) -> Iterator[bytes]:
    yield excel4.macro_sheets(data).encode("utf-8", "surrogatepass")[: SMALL.object_bytes]


_CODECS: tuple[Callable[[bytes, Guard], Iterator[bytes]], ...] = (
    lambda data, _: implode.explode(data[1:], (data[0] if data else 0) & 6, 60_000),
    lambda data, _: implode.unshrink(data, 60_000),
    lambda data, _: lzh.unpacked(data, 60_000, 1 << 15, 16, 5),
    lambda data, _: lzh.fastest(data, 60_000),
    lambda data, guard: nsis_bzip2.blocks(data, guard.check),
    vba.unpacked,
    _filtered,
    _upx,
    _sheets,
)


def database(content: bytes) -> None:
    """One file of signatures: the first byte chooses its kind. What cannot be used is named in the report."""
    name = _DATABASES[content[0] % len(_DATABASES)] if content else "ndb"
    _, report = samples.built(((f"test.{name}", content[1:]),))
    assert sum(tally.read for tally in report.tallies) >= len(report.skipped)


def summed(content: bytes) -> bytes:
    """Put right sums into the headers of a tar: no chance would find them."""
    blocks = [bytearray(content[at : at + 512]) for at in range(0, len(content), 512)]
    for number, block in enumerate(blocks):
        if len(block) == 512 and (number == 0 or block[257:262] == b"ustar"):
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


def tar_with_sums(content: bytes) -> None:
    open_with(tar.members, summed(content))


def container(content: bytes) -> None:
    """A database in a container, of the kind whose header proves nothing."""
    whole = content[:HEADER_BYTES] + summed(content[HEADER_BYTES:])
    try:
        made = Container("test.cld", io.BytesIO(whole))
        made.check(_UNSIGNED)
    except Invalid:
        return
    samples.built((("test.cld", whole),), Options(trust=_UNSIGNED))


def difference(content: bytes) -> None:
    before = {"a.hdb": b"one\ntwo\nthree\nfour\n", "b.hdb": b"five\n"}
    try:
        cdiff.apply(before, content, _UNSIGNED)
    except Invalid:
        return


def proof(content: bytes) -> None:
    assert not proves_file(bytes(32), b"#clamsign-1.0\n1:999:pkcs7-pem:" + content, _UNSIGNED)
    assert not proves_file(bytes(32), content, _UNSIGNED)


def rules(content: bytes) -> None:
    """The reader of rules, which decides whether a rule runs at all."""
    text = content.decode("utf-8", "surrogateescape")
    try:
        read_rules(included("a.yar", {"a.yar": text, "b.yar": "rule b { condition: true }"}))
    except (Unreadable, ValueError):
        return


def expression(content: bytes) -> None:
    """What a regular expression must bring: each literal is one of its own."""
    assert all(len(literal) <= len(content) for literal in literals_in(content.decode("latin-1")))


def curing(content: bytes) -> None:
    """What is cured is clean, and was not before."""
    try:
        cured = cure(content, lambda each: not engine.examine(Source(each), "", known(), SMALL, Within(1.0)).findings)
    except NotCurable:
        return
    assert cured.removed
    assert cured.content != content


def boot_menu(content: bytes) -> None:
    """Each thing that the settings say stands in a line of theirs."""
    assert all(0 <= fact.line <= content.count(b"\n") + 1 for fact in grub.read(content))


_OTHERS: tuple[tuple[str, Run], ...] = (
    ("booting.grub", boot_menu),
    ("curing", curing),
    ("examine", examine),
    ("tar.summed", tar_with_sums),
    ("programs", program),
    ("heuristics", heuristics),
    ("emulation", emulate),
    ("emulation.code", run_code),
    ("codecs", codecs),
    ("databases", database),
    ("databases.container", container),
    ("databases.difference", difference),
    ("databases.proof", proof),
    ("yara.rules", rules),
    ("yara.expressions", expression),
)

TARGETS: dict[str, Target] = {
    **{
        name: Target(name, partial(open_with, opener), opener, RISKY.get(name, ""))
        for name, opener in openers().items()
    },
    **{name: Target(name, run) for name, run in _OTHERS},
}
