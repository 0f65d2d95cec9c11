import io
import sys
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Invalid
from garrison.cli.values import absolute, arguments_of, paths, place
from garrison.wire.manifest import Operation, Value


class Standard:
    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)


def test_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert absolute("a") == f"{tmp_path}/a"
    assert absolute("./quick") == f"{tmp_path}/quick"
    assert absolute("-x") == f"{tmp_path}/-x"
    assert absolute("/a/") == "/a"
    with pytest.raises(Invalid, match="no path"):
        absolute("")


def test_two_dots_leave_the_folder_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "far" / "away").mkdir(parents=True)
    (tmp_path / "link").symlink_to("far/away")
    (tmp_path / "far" / "end").symlink_to("nowhere")
    assert absolute(f"{tmp_path}/link/../end") == f"{tmp_path}/far/end"
    assert absolute(f"{tmp_path}/link/..") == f"{tmp_path}/far"


def test_a_folder_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(Invalid, match="does not exist any more"):
        absolute("a")
    assert absolute("/a") == "/a"
    monkeypatch.chdir("/")


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"/a\n/b c\n\n", ["/a", "/b c"]),
        (b"/a\r\n/b", ["/a", "/b"]),
        (b"\xef\xbb\xbf/a\n", ["/a"]),
        (b"/a\nb\0/c\0", ["/a\nb", "/c"]),
        (b"/\xff\n", ["/\udcff"]),
        (b"/a\x0bb\x85\n", ["/a\x0bb\udc85"]),
    ],
)
def test_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, wanted: list[str]) -> None:
    (tmp_path / "list").write_bytes(content)
    assert paths([f"@{tmp_path}/list"]) == wanted
    monkeypatch.setattr(sys, "stdin", Standard(content))
    assert paths(["@-"]) == wanted


@pytest.mark.parametrize("name", ["absent", "", ".", "empty"])
def test_lists_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text("\n\n")
    with pytest.raises(Invalid, match="The list"):
        paths([f"@{name}"])


def test_what_was_not_given_is_left_to_its_default(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("open sesame\n\n")
    operation = Operation(
        "x.do",
        "Do",
        "Do it.",
        "operate",
        parameters=(
            Value("values", "text", "Values", required=True, many=True),
            Value("masks", "text", "Masks", many=True),
            Value("to", "path", "To"),
            Value("password", "secret", "Password"),
        ),
    )
    given: dict[str, Any] = {"values": (), "masks": (), "to": None, "password": str(secret)}
    assert arguments_of(operation, given) == {"values": [], "password": "open sesame\n"}
    given |= {"masks": ("a",), "to": "/x/../y", "password": None}
    assert arguments_of(operation, given) == {"values": [], "masks": ["a"], "to": "/y"}
    for bad in (tmp_path / "absent", tmp_path):
        with pytest.raises(Invalid, match="cannot be read"):
            arguments_of(operation, given | {"password": str(bad)})


def test_a_place_is_an_address_or_a_path_that_means_the_same_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")
    assert place("https://lists.example/~own.ndb") == "https://lists.example/~own.ndb"
    assert place("~/my lists") == "/home/anna/my lists"
    assert place("lists/../own.ndb") == f"{tmp_path}/own.ndb"
    assert place("a~b") == f"{tmp_path}/a~b"
    with pytest.raises(Invalid, match="no path"):
        place("")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("clamav", "clamav"),
        ("./clamav", "{here}/clamav"),
        ("sub/clamav", "{here}/sub/clamav"),
        ("~", "/home/anna"),
        ("..", "{above}"),
        ("/media/stick", "/media/stick"),
        ("https://lists.example/own.ndb", "https://lists.example/own.ndb"),
    ],
)
def test_where_a_name_is_expected_too_a_text_without_a_slash_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, wanted: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/anna")
    operation = Operation("x.do", "Do", "Do it.", "operate", parameters=(Value("where", "place-or-name", "Where"),))
    told = arguments_of(operation, {"where": given})["where"]
    assert told == wanted.format(here=tmp_path, above=tmp_path.parent)


def test_a_secret_is_one_line_of_the_input_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = Operation("x.do", "Do", "Do it.", "operate", parameters=(Value("header", "secret", "Header"),))
    monkeypatch.setattr(sys, "stdin", io.StringIO("Auth-Key: open sesame\nmore\n"))
    assert arguments_of(operation, {"header": "-"}) == {"header": "Auth-Key: open sesame"}
