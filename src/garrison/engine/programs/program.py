"""What is common to the headers of PE, ELF and Mach-O programs."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Section:
    """One section (ELF without sections: one segment). Offsets and sizes in bytes.

    offset, size: where its bytes lie in the file. address: relative to the image's base. is_*: what the loader allows.
    """

    name: str
    offset: int
    size: int
    address: int
    virtual_size: int
    is_readable: bool = True
    is_writable: bool = False
    is_executable: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """What the headers say; nothing in it is to be believed, but every offset lies inside the object.

    subtype: for people, as "PE32 DLL, x86" or "ELF 64-bit, x86-64". entry_point: its offset in the file, -1 when there
    is none. overlay: where the bytes begin that no header speaks of; the object's size when there are none.
    imports: (library, function), in the file's order; an ordinal is "#12". import_hash: MD5 of the imports (imphash,
    Mandiant 2014), b"" when there are none. version_strings: (offset, length) of each key and value in the version
    information. resources: (type, name, offset, size) of each leaf, numbers as text.
    """

    subtype: str
    entry_point: int
    sections: tuple[Section, ...]
    overlay: int
    is_64: bool = False
    is_library: bool = False
    image_base: int = 0
    imports: tuple[tuple[str, str], ...] = ()
    import_hash: bytes = b""
    version_strings: tuple[tuple[int, int], ...] = ()
    resources: tuple[tuple[str, str, int, int], ...] = field(default=())
