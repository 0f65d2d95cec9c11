"""Harmless programs that treat the files of one folder as ransomware would: each shape a program of its own."""

import io
import random
import sys
import zipfile
from pathlib import Path

COMMON = """
import mmap, os, sys
folder = sys.argv[1]
names = sorted(os.path.join(top, name) for top, _, names in os.walk(folder) for name in names)
def scrambled(content):
    return os.urandom(len(content))
def read(path):
    with open(path, "rb") as file:
        return file.read()
"""
SHAPES = {
    "in-place": """
for path in names:
    with open(path, "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(scrambled(content))
""",
    "o_trunc": """
for path in names:
    content = read(path)
    with open(path, "wb") as file:
        file.write(scrambled(content))
""",
    "new+unlink": """
for path in names:
    content = read(path)
    with open(path + ".locked", "wb") as file:
        file.write(scrambled(content))
    os.unlink(path)
""",
    "rename-over": """
for path in names:
    content = read(path)
    with open(path + ".tmp", "wb") as file:
        file.write(scrambled(content))
    os.rename(path + ".tmp", path)
""",
    "mmap": """
for path in names:
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[:] = scrambled(view[:])
""",
    "truncate": """
for path in names:
    content = read(path)
    os.truncate(path, 0)
    with open(path, "r+b") as file:
        file.write(scrambled(content))
""",
    "keeps-open": """
held = []
for path in names:
    descriptor = os.open(path, os.O_RDWR)
    content = os.pread(descriptor, 1 << 24, 0)
    os.pwrite(descriptor, scrambled(content), 0)
    held.append(descriptor)
""",
    "renames-first": """
for path in names:
    os.rename(path, path + ".locked")
    with open(path + ".locked", "r+b") as file:
        content = file.read()
        file.seek(0)
        file.write(scrambled(content))
""",
    "same-name": """
for path in names:
    content = read(path)
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(scrambled(content))
""",
    "keeps-magic": """
for path in names:
    content = read(path)
    with open(path, "wb") as file:
        file.write(b"PK\\3\\4" + scrambled(content) + b"PK\\5\\6" + bytes(18))
""",
    "keeps-ends": """
for path in names:
    content = read(path)
    with open(path + ".tmp", "wb") as file:
        file.write(content[:60] + scrambled(content[60:-256]) + content[-256:])
    os.rename(path + ".tmp", path)
""",
}
SHELL = """
find "$1" -type f | sort | while read -r path; do
    openssl enc -aes-256-cbc -pbkdf2 -iter 1 -pass pass:x -in "$path" -out "$path.enc"
    rm "$path"
done
"""
ALL = (*SHAPES, "per-file")
TRIED: list[tuple[str, tuple[str, ...], bool]] = [  # shape, what the kernel lacks, whether all are office documents
    *((shape, (), False) for shape in ALL),
    *((shape, ("pre_access",), False) for shape in ("truncate", "o_trunc", "per-file")),
    *((shape, (), True) for shape in ("keeps-magic", "keeps-ends", "in-place", "rename-over")),
]
WORDS = b"invoice customer of the for and total amount due paid order number street city garden report meeting ".split()


def command(shape: str, folder: Path) -> list[str]:
    """Return the program that attacks a folder."""
    if shape == "per-file":
        return ["/bin/bash", "-c", SHELL, "attack", str(folder)]
    return [sys.executable, "-I", "-c", COMMON + SHAPES[shape], str(folder)]


def archive(number: int) -> bytes:
    """Return an office document, as far as its outer form goes."""
    chance, held = random.Random(number), io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as written:
        written.writestr("mimetype", "application/vnd.oasis.opendocument.text", zipfile.ZIP_STORED)
        written.writestr("content.xml", b" ".join(chance.choices(WORDS, k=2000)) + b" %d" % number)
    return held.getvalue()


def make_documents(folder: Path, count: int, zipped: bool = False) -> dict[str, bytes]:
    """Write documents of several kinds into some folders, or all of one; return their contents by path."""
    made = {}
    for number in range(count):
        words = [WORDS[(number * 7 + step * (3 + number % 5)) % len(WORDS)] for step in range(200 + number * 13 % 900)]
        content = b" ".join(words) + b"\n%d\n" % number
        if number % 5 == 4:
            content = b"%PDF-1.4\n" + content + b"\n%%EOF\n"
        path = folder / f"part{number % 4}" / f"document-{number:03d}.{'pdf' if number % 5 == 4 else 'txt'}"
        if zipped:
            content, path = archive(number), path.with_suffix(".odt")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        made[str(path)] = content
    return made
