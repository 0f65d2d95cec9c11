"""Takes Visual Basic macros out of old Office documents (doc, xls, ppt); their other streams stay byte for byte.

[MS-OVBA] 2.2.1 (a project's storage), [MS-DOC] 2.1.9 and [MS-XLS] 2.1.7.20 (where it lies), [MS-PPT] 2.4.10, 2.4.11
and 2.10.40 (PowerPoint has it in its own stream, and says so in an atom).
"""

import re
import zlib
from collections.abc import Iterator

from garrison.engine.curing.compound_files import STORAGE, STREAM, CompoundFile, NoCompound, Node, read, write
from garrison.engine.formats import excel4, ppt

_PROJECTS = frozenset({"macros", "_vba_project_cur"})
_OF_PROJECT = frozenset({"project", "projectwm", "projectlk", "vba"})
_SHEETS = frozenset({"workbook", "book"})
_SLIDES = "powerpoint document"
_MOST_UNPACKED = 64 * 1024 * 1024
_MOST_OBJECTS = 2000
# A container and the atom in it: which object is the project, whether there are macros, the version.
_SAYS_MACROS = re.compile(rb"\x0f\x00\xff\x03\x14\x00\x00\x00\x02\x00\x00\x04\x0c\x00\x00\x00(.{8})", re.DOTALL)
EXCEL_4 = "it has Excel 4 macro sheets, and these are not taken out"


def without_macros(content: bytes) -> tuple[bytes, list[str]]:
    """Return a document without its macros, and the names of the storages that held them. Raises NoCompound."""
    file = read(content)
    removed: list[str] = []
    for path, holder in _storages(file):
        removed += _take_out(path, holder)
        for stream in holder.inside:
            _look_into(path, stream, removed)
    if not removed:
        raise NoCompound("there are no macros in it")
    return write(file), removed


def _storages(file: CompoundFile) -> Iterator[tuple[str, Node]]:
    """Yield each storage with its path; what is taken out of one meanwhile is not gone through."""
    waiting = [("", file.root)]
    while waiting:
        path, holder = waiting.pop()
        yield path, holder
        waiting += [(f"{path}{node.text}/"[-200:], node) for node in holder.inside if node.kind == STORAGE]


def _take_out(path: str, holder: Node) -> list[str]:
    """Take the projects out of a storage, and return their names."""
    gone = [node for node in holder.inside if node.kind == STORAGE and node.text.lower() in _PROJECTS]
    if any(map(_is_project, holder.inside)):
        gone += [node for node in holder.inside if node.text.lower() in _OF_PROJECT]
    holder.inside = [node for node in holder.inside if not any(node is each for each in gone)]
    return [f"{path}{node.text}" for node in gone]


def _is_project(node: Node) -> bool:
    """Return whether it is the storage with the modules of a project."""
    inner = {each.text.lower() for each in node.inside}
    return node.kind == STORAGE and node.text.lower() == "vba" and bool(inner & {"dir", "_vba_project"})


def _look_into(path: str, stream: Node, removed: list[str]) -> None:
    """Take the project out of a stream of slides; refuse where a workbook has macros of the older kind."""
    name = stream.text.lower()
    if stream.kind != STREAM:
        return
    if name in _SHEETS and excel4.macro_sheets(stream.content):
        raise NoCompound(EXCEL_4)
    if name == _SLIDES:
        stream.content, count = _slides(stream.content)
        if count:
            removed.append(f"{path}{stream.text} (macros)")


def _slides(content: bytes) -> tuple[bytes, int]:
    """Return the slides with zeros where projects were, so that all else stays where it was; and how many were."""
    cured = bytearray(content)
    count, room = 0, _MOST_UNPACKED
    for number, (at, length, size) in enumerate(ppt.objects(content)):
        if number >= _MOST_OBJECTS:
            raise NoCompound("it has too many objects")
        packed = content[at : at + length]
        plain = packed if size < 0 else _unpacked(packed, room)
        room -= len(plain)
        if _holds_project(plain):
            cured[at : at + len(packed)] = bytes(len(packed))
            count += 1
    if count:
        for match in _SAYS_MACROS.finditer(content):
            cured[match.start(1) : match.end(1)] = bytes(8)
    return bytes(cured), count


def _unpacked(packed: bytes, most: int) -> bytes:
    state = zlib.decompressobj()
    try:
        content = state.decompress(packed, max(1, most))
    except zlib.error as error:
        raise NoCompound("an object in it is damaged") from error
    if state.unconsumed_tail:
        raise NoCompound("the objects in it are too large")
    return content


def _holds_project(content: bytes) -> bool:
    try:
        root = read(content).root
    except NoCompound:
        return False  # then it is examined as it is, and decides nothing here
    return any(map(_is_project, root.inside))
