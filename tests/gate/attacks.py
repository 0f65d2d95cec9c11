"""Harmless programs that treat the files of one folder as ransomware would: each shape a program of its own."""

import sys
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
}
SHELL = """
find "$1" -type f | sort | while read -r path; do
    openssl enc -aes-256-cbc -pbkdf2 -iter 1 -pass pass:x -in "$path" -out "$path.enc"
    rm "$path"
done
"""
ALL = (*SHAPES, "per-file")
WORDS = b"invoice customer of the for and total amount due paid order number street city garden report meeting ".split()


def command(shape: str, folder: Path) -> list[str]:
    """Return the program that attacks a folder."""
    if shape == "per-file":
        return ["/bin/bash", "-c", SHELL, "attack", str(folder)]
    return [sys.executable, "-I", "-c", COMMON + SHAPES[shape], str(folder)]


def make_documents(folder: Path, count: int) -> dict[str, bytes]:
    """Write documents of several kinds into some folders; return their contents by path."""
    made = {}
    for number in range(count):
        words = [WORDS[(number * 7 + step * (3 + number % 5)) % len(WORDS)] for step in range(200 + number * 13 % 900)]
        content = b" ".join(words) + b"\n%d\n" % number
        if number % 5 == 4:
            content = b"%PDF-1.4\n" + content + b"\n%%EOF\n"
        path = folder / f"part{number % 4}" / f"document-{number:03d}.{'pdf' if number % 5 == 4 else 'txt'}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        made[str(path)] = content
    return made
