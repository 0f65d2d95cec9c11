import time
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.urls import Urls
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import Desk, feed, packings

LISTS = {
    "URLhaus": b"# about\nhttp://203.0.113.7:8080/x.sh\n",
    "PhishTank": b'phish_id,url,verified\n1,"https://bad.example/login",yes\n',
    "hosts": b"127.0.0.1 localhost\n0.0.0.0 ads.example\n",
    "adblock": b"[Adblock Plus 2.0]\n||ads.example^$third-party\n",
    "pdb": b"H:bank.example\n",
    "wdb": b"M:www.bank.example:bank.example\n",
    "gdb": b"S:F:0f0e0d0c\n",
    "domains": b"bad.example\n",
}


@pytest.mark.parametrize("name", list(LISTS))
def test_lists_of_every_kind_are_kept(tmp_path: Path, name: str) -> None:
    desk = Desk(tmp_path, Urls(), feed("urls"))
    desk.put("list", LISTS[name])
    assert desk.accept().about == {"lines": str(LISTS[name].count(b"\n"))}
    assert desk.written() == {"001.txt": LISTS[name]}


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_of_an_archive_the_lists_are_kept(tmp_path: Path, packing: str) -> None:
    desk = Desk(tmp_path, Urls(), feed("urls"))
    desk.put("list", packings({"a": LISTS["hosts"], "b.png": b"\x89PNG\0http://x\n", "../c": LISTS["pdb"]})[packing])
    desk.accept()
    assert desk.written() == {"001.txt": LISTS["hosts"], "003.txt": LISTS["pdb"]}


@pytest.mark.parametrize("content", [b"", b"# nothing\n", b"a b c\n", b"http://x\0\n", b"\xff\xfe" * 100])
def test_without_any_address_it_is_refused(tmp_path: Path, content: bytes) -> None:
    desk = Desk(tmp_path, Urls(), feed("urls"))
    desk.put("list", content)
    with pytest.raises(Invalid, match="holds no address"):
        desk.accept()
    assert desk.written() == {}


@pytest.mark.parametrize("filler", [b"a", b"a.", b",a-", b"a-b_", b" a", b"\n"])
def test_lines_without_end_take_no_time(tmp_path: Path, filler: bytes) -> None:
    desk = Desk(tmp_path, Urls(), feed("urls"))
    desk.put("list", filler * (4_000_000 // len(filler)))
    began = time.process_time()
    with pytest.raises(Invalid):
        desk.accept()
    assert time.process_time() - began < 5
