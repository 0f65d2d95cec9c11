"""What is common to the headers of PE, ELF and Mach-O programs."""

from typing import NamedTuple

Imports = tuple[tuple[str, str], ...]
Resources = tuple[tuple[str, str, int, int], ...]


class Section(NamedTuple):
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


class Details:
    """What takes time to read, and is read when first asked for. This one has nothing to say."""

    __slots__ = ()

    def imports(self) -> Imports:
        """Return (library, function) of each import."""
        return ()

    def import_hash(self) -> bytes:
        """Return the MD5 of the imports, or b""."""
        return b""

    def version_strings(self) -> tuple[tuple[int, int], ...]:
        """Return (offset, length) of each string of the version information."""
        return ()

    def resources(self) -> Resources:
        """Return (type, name, offset, size) of each resource."""
        return ()


_NOTHING = Details()


class Program:
    """What the headers say; nothing in it is to be believed, but every offset lies inside the object.

    subtype: for people, as "PE32 DLL, x86" or "ELF 64-bit, x86-64". entry_point: its offset in the file, -1 when there
    is none. overlay: where the bytes begin that no header speaks of; the object's size when there are none.
    entry_address: of the entry point, relative to image_base. certificate: (offset, size) of what a PE is signed with,
    (0, 0) when there is none.
    """

    __slots__ = (
        "_details",
        "_import_hash",
        "_imports",
        "_resources",
        "_version_strings",
        "certificate",
        "entry_address",
        "entry_point",
        "image_base",
        "is_64",
        "is_library",
        "overlay",
        "sections",
        "subtype",
    )

    def __init__(  # noqa: PLR0913 # a record of facts
        self,
        subtype: str,
        entry_point: int,
        sections: tuple[Section, ...],
        overlay: int,
        is_64: bool = False,
        is_library: bool = False,
        image_base: int = 0,
        imports: Imports | None = None,
        import_hash: bytes | None = None,
        version_strings: tuple[tuple[int, int], ...] | None = None,
        resources: Resources | None = None,
        *,
        entry_address: int = -1,
        certificate: tuple[int, int] = (0, 0),
        details: Details = _NOTHING,
    ) -> None:
        self.subtype = subtype
        self.entry_point = entry_point
        self.sections = sections
        self.overlay = overlay
        self.is_64 = is_64
        self.is_library = is_library
        self.image_base = image_base
        self.entry_address = entry_address
        self.certificate = certificate
        self._imports = imports
        self._import_hash = import_hash
        self._version_strings = version_strings
        self._resources = resources
        self._details = details

    @property
    def imports(self) -> Imports:
        """(library, function) of each import, in the file's order; an ordinal is "#12"."""
        if self._imports is None:
            self._imports = self._details.imports()
        return self._imports

    @property
    def import_hash(self) -> bytes:
        """MD5 of the imports (imphash, Mandiant 2014), b"" when there are none."""
        if self._import_hash is None:
            self._import_hash = self._details.import_hash()
        return self._import_hash

    @property
    def version_strings(self) -> tuple[tuple[int, int], ...]:
        """(offset, length) of each key with its value in the version information."""
        if self._version_strings is None:
            self._version_strings = self._details.version_strings()
        return self._version_strings

    @property
    def resources(self) -> Resources:
        """(type, name, offset, size) of each leaf, numbers as text."""
        if self._resources is None:
            self._resources = self._details.resources()
        return self._resources
