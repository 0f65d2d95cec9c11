from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.signatures import Signatures
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import Desk, feed, packings

NDB = b"Win.Test-1:0:*:deadbeef\nWin.Test-2:0:*:cafe\n"
LDB = b"Test;Engine:51-255,Target:0;0;deadbeef\n"


def desk_of(tmp_path: Path, address: str, content: bytes) -> Desk:
    desk = Desk(tmp_path, Signatures(), feed("signatures", address))
    desk.put("signatures", content)
    return desk


def test_one_file_is_called_as_its_address_ends(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "https://lists.example/a/phish.ndb", NDB)
    assert desk.accept().about == {"files": "1", "lines": "2"}
    assert desk.written() == {"0000-phish.ndb": NDB}


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_of_many_those_of_known_kinds_are_taken(tmp_path: Path, packing: str) -> None:
    members = {"x/../a b.ndb": NDB, "README": b"a:b\n", "c.ldb": LDB, "empty.hdb": b"# nothing\n"}
    desk = desk_of(tmp_path, "https://lists.example/all", packings(members)[packing])
    desk.accept()
    assert desk.written() == {"0000-a_b.ndb": NDB, "0001-c.ldb": LDB}


@pytest.mark.parametrize("content", [b"", b"<html>: no</html>\n", b"\n:\n", b"# a:b\n", b"nothing\n"])
def test_without_any_signature_it_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Invalid, match="holds no signatures"):
        desk_of(tmp_path, "https://lists.example/a.ndb", content).accept()


def test_an_address_that_tells_no_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="holds no signatures"):
        desk_of(tmp_path, "https://lists.example/a", NDB).accept()
