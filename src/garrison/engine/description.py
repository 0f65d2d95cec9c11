"""An object's type in words, and by what it was told: for people who ask what a file is."""

from garrison.engine.identify import magic_of
from garrison.engine.subject import Subject
from garrison.engine.type import Type

_ZIP_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"AndroidManifest.xml", "Android package"),
    (b"META-INF/MANIFEST.MF", "Java archive"),
    (b"word/", "Word document (OOXML)"),
    (b"xl/", "Excel workbook (OOXML)"),
    (b"ppt/", "PowerPoint presentation (OOXML)"),
    (b"mimetypeapplication/vnd.oasis.opendocument", "OpenDocument file"),
    (b"mimetypeapplication/epub+zip", "EPUB book"),
    (b"-info/WHEEL", "Python wheel"),
)
_OLE_KINDS: tuple[tuple[bytes, str], ...] = tuple(
    (name.encode("utf-16-le"), what)
    for name, what in (
        ("WordDocument", "Word document"),
        ("Workbook", "Excel workbook"),
        ("PowerPoint Document", "PowerPoint presentation"),
        ("__properties_version1.0", "Outlook message"),
        ("EncryptedPackage", "encrypted Office document"),
    )
)
_BY_THE_REST = {
    Type.TEXT: "it holds nothing but text",
    Type.DATA: "no known signature, and no text",
    Type.TAR: "the sum in its first header is right",
    Type.ISO: "a volume descriptor lies in sector 16",
    Type.UDF: "a volume descriptor lies after sector 16",
    Type.DMG: "the trailer of an Apple disk image ends it",
    Type.LZMA: "its header holds sane sizes",
}
_MOST_LOOKED_AT = 64 * 1024  # every file that is scanned passes here


def describe(subject: Subject) -> tuple[str, str]:
    """Return a subtype ("" when there is no more to say than the type), and by what the type was told."""
    return _subtype(subject), _why(subject)


def _subtype(subject: Subject) -> str:
    content = subject.content
    program = subject.program()
    if program is not None:
        return program.subtype
    if subject.kind == Type.ZIP:
        return _first(_ZIP_KINDS, content)
    if subject.kind == Type.OLE:
        return _first(_OLE_KINDS, content)
    if subject.kind == Type.AR:
        return "Debian package" if content[8:21] == b"debian-binary" else "library"
    if subject.kind == Type.PDF:
        return "version " + content[5:8].decode("ascii", "replace") if content[6:7] == b"." else ""
    return ""


def _first(kinds: tuple[tuple[bytes, str], ...], content: bytes) -> str:
    return next((what for mark, what in kinds if content.find(mark, 0, _MOST_LOOKED_AT) >= 0), "")


def _why(subject: Subject) -> str:
    content, kind = subject.content, subject.kind
    magic = magic_of(content[:4096], kind)
    if magic:
        return f"begins with {magic.hex(' ')}"
    if kind in _BY_THE_REST:
        return _BY_THE_REST[kind] if content else "it is empty"
    return "its first line names a program" if content.startswith(b"#!") else "its content has the shape of this type"
