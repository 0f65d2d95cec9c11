"""Lines of the small databases, each with a file: digests, what archives list, what is allowed or ignored."""

import gzip
import hashlib
import io
import shutil
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from garrison.engine.programs.reader import read_program
from garrison.engine.type import Type
from tests.engine.archives import make_cab, make_tar
from tests.engine.patterns.hosts import host
from tests.engine.patterns.joints import Maker
from tests.engine.programs import making

_PACKER = shutil.which("7zz")
_ARCHIVES = ("CL_TYPE_ZIP", "CL_TYPE_ZIP", "CL_TYPE_POSIX_TAR", "CL_TYPE_MSCAB", *(("CL_TYPE_7Z",) if _PACKER else ()))
_ALGORITHMS = ("md5", "sha1", "sha256")


@dataclass(slots=True)
class Listing:
    """Lines by the end of the database's name, and a file."""

    file: bytes
    lines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, ending: str, line: str) -> None:
        self.lines.setdefault(ending, []).append(line)


def listing(maker: Maker, number: int) -> Listing:
    """Return lines of one kind, with a file that (mostly) matches."""
    return maker.random.choice((_digest, _digest, _section, _import, _archive, _archive, _archive))(maker, number)


def _hashed(maker: Maker, content: bytes) -> str:
    """Return the digest of bytes, or one that nearly is it."""
    told = hashlib.new(maker.random.choice(_ALGORITHMS), content).hexdigest()
    return told if maker.random.random() < 0.85 else told[:-1] + f"{int(told[-1], 16) ^ 1:x}"


def _digest(maker: Maker, number: int) -> Listing:
    content = maker.blob(20, 2000)
    made = Listing(gzip.compress(content, mtime=0) if maker.one_in(4) else content)
    size = maker.random.choice((str(len(content)), str(len(content)), str(len(content) + 1), "*"))
    ending, levels = maker.random.choice(
        (("hdb", ""), ("hsb", ""), ("hsb", ":73"), ("hdb", ":73:255"), ("hsb", ":10:99"))
    )
    if size == "*":
        levels = ":73"
    line = f"{_hashed(maker, content)}:{size}:List.{number}{levels}"
    made.add(ending, line)
    allowed = maker.random.choice((content, made.file))
    if maker.one_in(4):
        size, levels = maker.random.choice(((str(len(allowed)), ""), ("*", ":73")))
        made.add(maker.random.choice(("fp", "sfp")), f"{_hashed(maker, allowed)}:{size}:Allowed.{number}{levels}")
    if maker.one_in(6):
        digest = hashlib.md5(line.encode()).hexdigest()
        wrong = hashlib.md5(b"another").hexdigest()
        # Of lines with and without a digest in one file clamscan 1.4.6 takes the one for the other.
        if maker.one_in(2):
            made.add("ign2", f"List.{number}:{maker.random.choice((digest, wrong))}")
        else:
            made.add("ign", maker.random.choice((f"List.{number}", f"a.{ending}:1:List.{number}")))
    return made


def _section(maker: Maker, number: int) -> Listing:
    file = host(maker, 1, maker.blob(20, 900)).file
    program = read_program(file, Type.PE)
    assert program is not None
    section = maker.random.choice(program.sections)
    made = Listing(file)
    content = file[section.offset : section.offset + section.size]
    size = maker.random.choice((str(len(content)), str(len(content)), str(len(content) + 512), "*"))
    made.add(
        maker.random.choice(("mdb", "msb")),
        f"{size}:{_hashed(maker, content)}:List.{number}{':73' if size == '*' else ''}",
    )
    return made


def _import(maker: Maker, number: int) -> Listing:
    """Return a program with imports by name and by number, and the digest of its list of them."""
    names: dict[bytes, list[bytes | int]] = {}
    for _ in range(maker.random.randint(1, 3)):
        library = maker.random.choice((maker.word() + b".dll", b"WS2_32.dll", b"oleaut32.DLL", maker.word() + b".ocx"))
        names[library] = [
            maker.random.randint(1, 500) if maker.one_in(3) else maker.word() for _ in range(maker.random.randint(1, 5))
        ]
    is_64 = maker.one_in(9)  # clamscan 1.4.6 reads no list of imports of our small ones
    table = making.imports(0x1000, names, 8 if is_64 else 4)
    code = (b".text", maker.blob(20, 60), making.EXECUTABLE)
    file = making.pe(
        (b".idata", table, making.DATA), code, entry=0x2000, directories={1: (0x1000, len(table))}, is_64=is_64
    )
    program = read_program(file, Type.PE)
    assert program is not None
    made = Listing(file)
    made.add("imp", f"{program.import_hash.hex()}:*:List.{number}:73")
    return made


def _archive(maker: Maker, number: int) -> Listing:
    names = [
        maker.word().decode() + maker.random.choice((".txt", ".exe", "")) for _ in range(maker.random.randint(1, 3))
    ]
    files = {name: maker.blob(10, 900) for name in names}
    kind = maker.random.choice(_ARCHIVES)
    at = maker.random.randrange(len(names))
    name, content = list(files.items())[at]
    packed = len(content)
    if kind == "CL_TYPE_ZIP":
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            for each, inside in files.items():
                archive.writestr(
                    zipfile.ZipInfo(each), inside, maker.random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
                )
            packed = archive.getinfo(name).compress_size
        made = Listing(file.getvalue())
    elif kind == "CL_TYPE_POSIX_TAR":
        made = Listing(make_tar(list(files.items()), 1))
    elif kind == "CL_TYPE_7Z":
        packed = 0
        made = Listing(_seven_zip(files))
    else:
        packed = 0
        made = Listing(make_cab(list(files.items())))
    fields = (
        maker.random.choice((kind, kind, "*", "CL_TYPE_ZIP")),
        _about(maker, len(made.file)),
        maker.random.choice(("*", f"^{name[:3]}", f"{name}$", r"\.exe$", name.upper())),
        _about(maker, packed),
        _about(maker, len(content)),
        maker.random.choice(("*", "*", "0", "1")),
        _about(maker, at + (kind not in {"CL_TYPE_7Z", "CL_TYPE_MSCAB"})),
    )
    made.add("cdb", f"List.{number}:{':'.join(fields)}:*:*{maker.random.choice(('', '', ':1', ':1:255'))}")
    return made


def _seven_zip(files: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        command = [str(_PACKER), "a", "-bd", "-mtm-", "-mta-", "archive.7z", *files]
        subprocess.run(command, cwd=folder, capture_output=True, check=True)
        return Path(folder, "archive.7z").read_bytes()


def _about(maker: Maker, value: int) -> str:
    """Return a figure, or a range, that holds, or nearly; or anything."""
    low = max(0, value - maker.random.randint(0, 20))
    return maker.random.choice(
        ("*", "*", "*", str(value), f"{low}-{value + 5}", f"0-{value}", f"{value + 1}-{value + 9}")
    )
