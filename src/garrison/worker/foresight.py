"""Code read in advance, run when it is first needed: in a closed sandbox no file can be opened any more.

A module that is only read costs some microseconds, one that is run a quarter of a millisecond and its memory. What
lies in a shared library cannot come later: those are imported at once.
"""

import marshal
import os
import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, find_spec
from types import ModuleType

# Where the engine's openers are and what is behind them; what else they import, as far as it is written in Python.
PACKAGES = (
    "garrison.engine.formats",
    "garrison.engine.emulation",
    "garrison.engine.programs",
    "cryptography.hazmat.primitives.ciphers",
    "encodings",  # names in archives may ask for any
)
MODULES = (
    "quopri",
    "stringprep",
    "cryptography.exceptions",
    "cryptography.utils",
    "cryptography.hazmat.primitives._cipheralgorithm",
    "cryptography.hazmat.primitives._modes",
    "cryptography.hazmat.decrepit.ciphers",
    "cryptography.hazmat.decrepit.ciphers.algorithms",
    "cryptography.hazmat.decrepit.ciphers.modes",
)
# What they import that is, or needs, a shared library; and small modules of Python's own.
LIBRARIES = (
    "_codecs_cn",
    "_codecs_hk",
    "_codecs_iso2022",
    "_codecs_jp",
    "_codecs_kr",
    "_codecs_tw",
    "_multibytecodec",
    "cryptography.hazmat.bindings._rust",
    "cryptography.hazmat.primitives",
    "cryptography.hazmat.decrepit",
    "backports.zstd",
    "base64",
    "bz2",
    "hmac",
    "isal.isal_zlib",
    "lz4.block",
    "lz4.frame",
    "lzma",
    "random",
    "xml.parsers.expat",
)
_HEADER = 16  # of a file of compiled code (PEP 552): mark, flags, time and size of its source


class Foresight:
    """A finder and loader of modules whose code it holds. It comes before Python's own, which would look for files."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[str, bytes]] = {}

    def hold_package(self, package: str) -> None:
        """Read a package and the modules in it. Raises OSError, SyntaxError."""
        with os.scandir(_path(package)) as entries:
            names = sorted(entry.name[:-3] for entry in entries if entry.name.endswith(".py"))
        for name in names:
            self.hold(package if name == "__init__" else f"{package}.{name}")

    def hold(self, name: str) -> None:
        """Read a module. Raises OSError, SyntaxError."""
        if name not in sys.modules:
            path = _path(name)
            path = f"{path}/__init__.py" if os.path.isdir(path) else f"{path}.py"
            self._held[name] = (path, _code(name, path))

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Return what Python has to know of a module that is held (importlib.abc.MetaPathFinder)."""
        del path, target
        held = self._held.get(name)
        if held is None:
            return None
        spec = ModuleSpec(name, self, origin=held[0])  # type: ignore[arg-type]  # the base class would cost its import
        spec.has_location = True
        if held[0].endswith("/__init__.py"):
            spec.submodule_search_locations = [held[0].rsplit("/", 1)[0]]
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave it to Python (importlib.abc.Loader)."""
        del spec
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Run the code of a module (importlib.abc.Loader)."""
        exec(marshal.loads(self._held[module.__name__][1]), module.__dict__)  # noqa: S102, S302 # as Python's own does


def foresee() -> Foresight:
    """Import what has to be imported now, and see to it that the rest can be imported without opening a file.

    Raises ImportError, OSError.
    """
    for name in LIBRARIES:
        import_module(name)
    foresight = Foresight()
    for package in PACKAGES:
        foresight.hold_package(package)
    for name in MODULES:
        foresight.hold(name)
    sys.meta_path.insert(0, foresight)
    return foresight


def _path(name: str) -> str:
    """Return where a module lies, without the end of its name."""
    root, _, rest = name.partition(".")
    if not rest and (spec := find_spec(root)) and spec.origin and not spec.submodule_search_locations:
        return spec.origin.removesuffix(".py")
    return "/".join((import_module(root).__path__[0], *rest.split(".")))


def _code(name: str, path: str) -> bytes:
    """Return the compiled code of a source, from Python's own store when it fits the source."""
    try:
        file = os.open(cache_from_source(path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            content = os.read(file, os.fstat(file).st_size)
        finally:
            os.close(file)
        source = os.stat(path)
    except OSError:
        content = b""
    else:
        sound = (
            MAGIC_NUMBER,
            bytes(4),
            (int(source.st_mtime) & 0xFFFFFFFF).to_bytes(4, "little"),
            (source.st_size & 0xFFFFFFFF).to_bytes(4, "little"),
        )
        if content[:_HEADER] == b"".join(sound):
            return content[_HEADER:]
    return marshal.dumps(SourceFileLoader(name, path).get_code(name))
