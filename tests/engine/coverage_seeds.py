"""What the fuzzer begins with: samples of every format, and whatever the openers' own tests give to them.

python -m tests.engine.coverage_seeds FOLDER writes the latter, a folder for each target.
"""

import ast
import gzip
import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from garrison.engine.formats.opener import Member, Opener
from garrison.engine.identify import identify_source
from garrison.engine.source import Source
from garrison.engine.type import Type
from tests.engine import archives, forms_documents, forms_executables, forms_images, forms_texts, opening
from tests.engine.booting.test_grub import MENU
from tests.engine.coverage_targets import TARGETS, Target, name_of, openers_of
from tests.engine.documents import ovba
from tests.engine.emulation.running import xored
from tests.engine.formats.clam_samples import FOLDER
from tests.engine.forms import Form
from tests.engine.patterns.joints import Maker
from tests.engine.patterns.lines import extended, logical
from tests.engine.programs import making
from tests.engine.samples import EICAR, LIST, RULES
from tests.engine.signatures import keys

FORMS: tuple[Form, ...] = (
    *archives.FORMS, *forms_documents.FORMS, *forms_executables.FORMS, *forms_images.FORMS, *forms_texts.FORMS
)  # fmt: skip
LONGEST = 64 * 1024  # longer ones make the fuzzer slow; they are taken where there is no other
_WORDS = b" ".join(b"%d words" % number for number in range(300))
_LITERALS = re.compile(rb"[A-Za-z<=/:_-]{3,}")  # of a regular expression
_MOST_OF_TESTS = 400
_CODE = b"\x60\xbe\x00\x10\x40\x00\xb9\x10\x00\x00\x00\x80\x36\x5a\x46\xe2\xfa\x61\xf3\xa4\x9c\x9d\xd1\xc0\x0f\xa2\xc3"
_LINES: Mapping[int, bytes] = {  # by the number of the kind in coverage_targets
    0: b"Name.A-1:0:*:4d5a??(90|00)*50450000{4-8}ff\nName.B:1:EP+4,10:aabb[2-4]cc!(dd|ee)ff\n",
    1: b"Name.C;Engine:81-255,Target:0;(0&1)|2>1;41424344;0:454647;/a.c[0-9]+/i\n",
    2: b"Name.D:CL_TYPE_ZIP:*:.*\\.exe:1-10:20:1:*:ff:*\n",
    3: b"44d88612fea8a8f36de82e1278abb02f:68:Name.E\n",
    4: b"512:44d88612fea8a8f36de82e1278abb02f:Name.F\n",
    8: b"Name.G;Engine:81-255;1;414243\n",
    9: LIST + b"44d88612fea8a8f36de82e1278abb02f,Name.H,test,68\n",
}
_EXPRESSIONS = (rb"abc(def|ghi[jk]+)?l{2,4}", rb"(?i)a\x41\d+(?:foo|bar)baz", rb"^\s*[^\]]{1,3}$")


def of(target: Target) -> Iterator[bytes]:
    """Yield a target's seeds, without those of the openers' own tests."""
    if target.opener is not None:
        for form in FORMS:
            if name_of(form.opener, form.kind) == target.name:
                yield form.wrap(EICAR)
                yield form.wrap(_WORDS)
    yield from _OTHERS.get(target.name, lambda: iter(()))()
    if target.opener is not None or target.name in {"curing", "examine", "programs", "emulation"}:
        yield from _of_others(target)


def _of_others(target: Target) -> Iterator[bytes]:
    """Yield Debian's test files that are of the target's type."""
    kinds = {kind for kind in Type if target.name in openers_of(kind)}
    for path in sorted(FOLDER.iterdir()) if FOLDER.is_dir() else ():
        content = path.read_bytes()
        if len(content) <= LONGEST and (not kinds or identify_source(Source(content)) in kinds):
            yield content


def _wraps() -> Iterator[bytes]:
    for form in FORMS:
        yield form.wrap(EICAR)


def _tars() -> Iterator[bytes]:
    for form in (0, 1, 2):
        yield archives.make_tar([("one", EICAR), ("two" * 25 + "/" + "x" * 80, _WORDS)], form)


def _programs() -> Iterator[bytes]:
    yield making.pe((b".text", b"\x90" * 40, making.EXECUTABLE))
    yield making.elf(b"\x90" * 40)
    yield making.elf(b"\x90" * 40, is_64=False, order=">")
    yield making.macho(b"\x90" * 40)
    yield making.universal(making.macho(b"\x90" * 40, is_64=False))


def _packed() -> Iterator[bytes]:
    yield xored()


def _code() -> Iterator[bytes]:
    yield _CODE


def _codecs() -> Iterator[bytes]:
    for number in range(9):
        yield bytes((number,)) + EICAR
        yield bytes((number,)) + bytes(60)
    yield b"\x05" + ovba(_WORDS)


def _databases() -> Iterator[bytes]:
    for number, lines in _LINES.items():
        yield bytes((number,)) + lines
    maker = Maker(1)
    for _ in range(30):
        yield b"\x00" + extended(maker, 1)[0].encode()
        yield b"\x01" + logical(maker, 1)[0].encode()


def _containers() -> Iterator[bytes]:
    members = {"test.hdb": _LINES[3], "test.ndb": _LINES[0]}
    yield keys.cvd(members)
    yield keys.container(keys.tar(keys.with_list(members, is_signed=False)), signature=b"X")


def _differences() -> Iterator[bytes]:
    script = b"OPEN a.hdb\nADD five six\nDEL 2 tw\nXCHG 3 thr drei\nCLOSE\nMOVE a.hdb b.hdb 1 o 1 o\nUNLINK b.hdb\n"
    yield b"ClamAV-Diff:8:%d:" % len(script) + gzip.compress(script, mtime=0) + b":"


def _proofs() -> Iterator[bytes]:
    content = b"anything"
    yield keys.proof(content)
    yield keys.proof(content).splitlines()[1].split(b":", 3)[3]


def _rules() -> Iterator[bytes]:
    yield RULES.encode()
    yield b'include "b.yar"\nimport "pe"\nprivate global rule a : b { strings: $c = { 4? (41|42) [2-4] ~43 } '
    yield b'rule a { strings: $a = "x" wide nocase condition: for any i in (1..#a) : (@a[i] > 4) or not any of them }'


def _expressions() -> Iterator[bytes]:
    yield from _EXPRESSIONS


def _menus() -> Iterator[bytes]:
    yield MENU
    yield b"set a='b c'\nif [ x$feature = xy ]; then\n  linux $a/vmlinuz init=/bin/sh\nfi\nchainloader (hd0,1)+1\n"


_OTHERS = {
    "booting.grub": _menus,
    "curing": _wraps,
    "upx.of_pe": _packed,
    "packed": _packed,
    "pe_parts": _programs,
    "examine": _wraps,
    "tar.summed": _tars,
    "programs": _programs,
    "heuristics": _wraps,
    "emulation": _packed,
    "emulation.code": _code,
    "codecs": _codecs,
    "databases": _databases,
    "databases.container": _containers,
    "databases.difference": _differences,
    "databases.proof": _proofs,
    "yara.rules": _rules,
    "yara.expressions": _expressions,
}


def words_of(target: Target) -> list[bytes]:
    """Return the bytes that the target's module, and those of the engine it imports, are written with."""
    if target.opener is None:
        return []
    module = sys.modules[target.opener.__module__]
    modules = {module, *(sys.modules.get(getattr(each, "__module__", None) or "") for each in vars(module).values())}
    modules |= {each for each in vars(module).values() if isinstance(each, ModuleType)}
    words: set[bytes] = set()
    for each in modules:
        if each is not None and each.__name__.startswith("garrison.engine.formats") and each.__file__:
            tree = ast.parse(Path(each.__file__).read_bytes())
            found = (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))
            for value in (value for value in found if isinstance(value, bytes)):
                words.update(_LITERALS.findall(value) if re.search(rb"[\\\[?]", value) else (value,))
    return sorted(word for word in words if 1 < len(word) <= 40)


class _Recorder:
    """Keeps what the openers' tests give to the openers."""

    def __init__(self, folder: Path) -> None:
        self._folders = {target.opener: folder / target.name for target in TARGETS.values() if target.opener}
        self._counts: dict[Path, int] = {}
        self._opened = opening.opened
        opening.opened = self.opened

    def opened(self, opener: Opener, content: bytes, *rest: object, **options: object) -> list[Member]:
        folder = self._folders.get(opener)
        if folder is not None and len(content) <= LONGEST and self._counts.get(folder, 0) < _MOST_OF_TESTS:
            self._counts[folder] = self._counts.get(folder, 0) + 1
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha256(content).hexdigest()).write_bytes(content)
        return self._opened(opener, content, *rest, **options)  # type: ignore[arg-type]  # as they were given


def write(target: Target, folder: Path) -> None:
    """Put a target's seeds into its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for content in of(target):
        (folder / hashlib.sha256(content).hexdigest()).write_bytes(content)


def write_words(target: Target, path: Path) -> None:
    """Write the fuzzer's dictionary."""
    lines = ('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words_of(target))
    path.write_text("".join(("# what the reader looks for\n", *lines)), "ascii")


if __name__ == "__main__":
    _Recorder(Path(sys.argv[1]))
    tests = ["tests/engine/formats", "--deselect=tests/engine/formats/test_conformance.py"]
    sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *tests]))
