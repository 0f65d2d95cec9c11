"""Curing with real workers: what harms goes, what is somebody's own stays, the original is in quarantine first."""

import asyncio
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

import pytest

from garrison.abilities.curing import Curing
from garrison.abilities.databases import Databases
from garrison.abilities.exclusions import make_filter
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.response import Action, Handled, Response
from garrison.abilities.scanner import Examined, Scanner
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed
from garrison.base.paths import Home
from garrison.linux import packages
from tests.abilities.things import EICAR, START, acting_self, make_curing, make_store, needs_root
from tests.engine.curing.test_compound_files import contents
from tests.engine.curing.test_zips import OFFICE, unzipped, zipped
from tests.engine.documents import make_ole
from tests.engine.rules.samples import load

WEB_SHELL = next(sample for sample in load() if sample.object_type == "php")
OWN = b"<?php\n// The shop's own page, as it was.\necho 'Welcome, dear customer, to our shop of tea and books.';\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    made = Home(tmp_path_factory.mktemp("curing").resolve())
    asyncio.run(Databases(made, FakeClock(START)).ensure())
    return made


@dataclass
class Bench:
    """What curing needs, and a folder of files."""

    home: Home
    files: Path
    store: Quarantine
    curing: Curing
    scanner: Scanner
    acting_uid: int = os.geteuid()

    def cure(self, path: Path) -> Handled:
        """Scan a file and have it cured."""

        async def work() -> Handled:
            response = Response(self.home, FakeClock(START), self.store, self.curing)
            async with acting_self() as acting:
                examined = await self.scanner.examine_file(str(path), acting)
                assert isinstance(examined, Examined)
                nothing = make_filter([], [], [])
                _, handled = await response.handle(examined, Action.CURE, nothing, acting, self.acting_uid)
            await self.scanner.close()
            assert handled is not None
            return handled

        return asyncio.run(work())


@pytest.fixture
def bench(home: Home, tmp_path: Path) -> Bench:
    files = tmp_path.resolve() / "files"
    files.mkdir()
    store = make_store(tmp_path.resolve() / "store")
    curing, scanner = make_curing(home, store)
    return Bench(home, files, store, curing, scanner)


def _put(bench: Bench, name: str, content: bytes) -> Path:
    path = bench.files / name
    path.write_bytes(content)
    path.chmod(0o640)
    return path


def test_an_archive_is_cured_and_the_original_kept(bench: Bench) -> None:
    content = zipped({"letter.txt": b"Dear customer", "eicar.com": EICAR})
    path = _put(bench, "mail.zip", content)
    handled = bench.cure(path)
    assert (handled.action, handled.done) == ("cure", True)
    assert handled.result == "cured (taken out: eicar.com); the original is in quarantine"
    assert unzipped(path.read_bytes()) == {"letter.txt": b"Dear customer"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    record = bench.store.record(handled.quarantine_id)
    assert (record.sha256, record.restoring) == (hashlib.sha256(content).hexdigest(), "")
    assert list(bench.files.iterdir()) == [path]


def test_macros_are_stripped_from_a_document(bench: Bench) -> None:
    path = _put(bench, "offer.docm", zipped({**OFFICE, "word/vbaProject.bin": EICAR}))
    assert bench.cure(path).result.startswith("cured (taken out: word/vbaProject.bin)")
    assert unzipped(path.read_bytes())["word/document.xml"] == OFFICE["word/document.xml"]


def test_an_injected_part_goes_out_of_a_page(bench: Bench) -> None:
    own = OWN + b"// " + b"more of the page\n// " * (len(WEB_SHELL.positive) // 8)
    path = _put(bench, "index.php", own + b"\n?>\n" + WEB_SHELL.positive + b"\n")
    handled = bench.cure(path)
    assert handled.result.startswith("cured (taken out: line ")
    assert path.read_bytes().startswith(own)


def test_what_cannot_be_cured_is_put_into_quarantine_and_told(bench: Bench) -> None:
    path = _put(bench, "eicar.com", EICAR)
    handled = bench.cure(path)
    assert (handled.action, handled.done, path.exists()) == ("quarantine", True, False)
    assert handled.result.startswith("quarantined. It could not be cured: ")


def test_a_file_of_hostile_form_cannot_be_cured(bench: Bench) -> None:
    content = bytearray(zipped({"a": b"x" * 100, "eicar.com": EICAR}))
    content[-10:] = b"\xff" * 10
    path = _put(bench, "broken.zip", bytes(content))
    assert "It could not be cured" in bench.cure(path).result


def test_the_cured_file_has_no_room_on_a_name_that_was_taken_meanwhile(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _put(bench, "mail.zip", zipped({"letter.txt": b"Dear", "eicar.com": EICAR}))
    take = bench.store.take

    async def take_and_let_another_come(*args: object, **kwargs: object) -> object:
        record = await take(*args, **kwargs)  # type: ignore[arg-type]
        path.write_bytes(b"somebody else's")
        return record

    monkeypatch.setattr(bench.store, "take", take_and_let_another_come)
    handled = bench.cure(path)
    assert handled.result.startswith("quarantined. There is something of the name")
    assert path.read_bytes() == b"somebody else's"
    assert len(bench.store.records()) == 1


def test_without_databases_nothing_is_cured(tmp_path: Path) -> None:
    store = make_store(tmp_path.resolve())
    curing, _ = make_curing(Home(tmp_path.resolve() / "none"), store)
    with open(os.devnull, "rb") as nothing, pytest.raises(Exception, match="no databases"):
        asyncio.run(curing.replacement(nothing.fileno(), "/x", is_owner=False))


@needs_root
@pytest.mark.skipif(packages.owner_of("/usr/bin/true") is None, reason="no packages of Debian's kind here")
def test_a_file_of_a_package_is_taken_from_the_package(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Path("/usr/bin/true").read_bytes()
    owner = packages.owner_of("/usr/bin/true")
    assert owner is not None
    assert owner.md5 == hashlib.md5(good, usedforsecurity=False).hexdigest()
    path = _put(bench, "true", EICAR)
    monkeypatch.setattr(packages, "owner_of", lambda _: owner)
    monkeypatch.setattr(packages, "from_cache", lambda _: good)
    assert bench.cure(path).result == f"cured (restored from the package {owner.name}); the original is in quarantine"
    assert path.read_bytes() == good


def test_the_worker_that_cures_reads_no_file_that_is_too_large(bench: Bench) -> None:
    path = _put(bench, "large.zip", zipped({"a": os.urandom(2000), "eicar.com": EICAR}))
    bench.scanner.way = type(bench.scanner.way)(type(bench.scanner.way.limits)(object_bytes=1000))
    with path.open("rb") as file, pytest.raises(Failed, match="too large"):
        asyncio.run(bench.curing.replacement(file.fileno(), str(path), is_owner=False))


def test_macros_of_an_old_document_go_and_the_rest_stays(bench: Bench) -> None:
    own = {"WordDocument": b"\xec\xa5" + b"my words " * 700, "1Table": b"mine" * 30}
    path = _put(bench, "letter.doc", make_ole(own | {"Macros/VBA/dir": b"x", "Macros/VBA/Evil": EICAR}))
    assert bench.cure(path).result == "cured (taken out: Macros); the original is in quarantine"
    assert contents(path.read_bytes()) == own
    embedded = _put(bench, "other.doc", make_ole(own | {"Embedded": EICAR, "Macros/VBA/dir": b"x"}))
    assert "could not be told from the rest" in bench.cure(embedded).result
