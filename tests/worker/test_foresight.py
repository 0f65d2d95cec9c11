import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from garrison.worker.foresight import Foresight

# In a process of its own: it gives up all further descriptors, as a closed sandbox does.
_PROGRAM = """
import json, os, pkgutil, resource, sys
from importlib import import_module
import garrison.worker.server
from garrison.worker.examiner import open_examiner
from garrison.engine.preload import preload
from garrison.worker.foresight import PACKAGES, foresee

foresee()
preload()
folders = {package: import_module(package).__path__ for package in PACKAGES if package.startswith("garrison")}
names = [f"{package}.{each.name}" for package, folder in folders.items() for each in pkgutil.iter_modules(folder)]
codecs = [each.name for each in pkgutil.iter_modules(import_module("encodings").__path__)]
before = set(sys.modules)
resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
try:
    open("/dev/null")
    raise SystemExit("a file could be opened")
except OSError:
    pass
for name in names:
    import_module(name)
from garrison.engine.formats import ole_ciphers, seven_zip_crypto, zip_crypto
key = bytes(16)
content = ole_ciphers.aes_cbc_encrypt(key, key, b"sixteen bytes...")
assert ole_ciphers.aes_cbc_decrypt(key, key, content) == b"sixteen bytes..."
assert list(seven_zip_crypto.decrypted(iter([content]), key, key)) == [b"sixteen bytes..."]
assert ole_ciphers.rc4(b"12345", ole_ciphers.rc4(b"12345", b"text")) == b"text"
for name in codecs:
    try:
        b"text".decode(name, "replace")
    except (LookupError, ValueError):
        pass  # another system's, or none that decodes bytes to text
sys.stdout.write(json.dumps([len(names), len(before & set(names))]))
"""


def test_every_opener_can_be_loaded_when_no_file_can_be_opened_any_more() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", _PROGRAM], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modules, loaded_before = json.loads(done.stdout)
    assert modules > 100
    assert loaded_before < modules / 4  # else nothing is gained


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "some_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "part.py").write_text("VALUE = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] == "some_package"]:
        del sys.modules[name]


def _value(foresight: Foresight) -> Any:
    sys.meta_path.insert(0, foresight)
    return import_module("some_package.part").VALUE


def test_code_is_read_from_the_source_where_none_is_compiled(package: Path) -> None:
    foresight = Foresight()
    foresight.hold_package("some_package")
    (package / "part.py").unlink()
    assert _value(foresight) == 1


def test_compiled_code_that_is_older_than_its_source_is_not_used(package: Path) -> None:
    first = Foresight()
    first.hold("some_package.part")  # this compiles it
    (package / "part.py").write_text("VALUE = 2 + 20\n")
    foresight = Foresight()
    foresight.hold("some_package.part")
    assert _value(foresight) == 22


def test_a_module_knows_its_file(package: Path) -> None:
    foresight = Foresight()
    foresight.hold("some_package.part")
    _value(foresight)
    assert sys.modules["some_package.part"].__file__ == str(package / "part.py")


def test_what_is_not_held_is_left_to_python() -> None:
    assert Foresight().find_spec("garrison") is None
