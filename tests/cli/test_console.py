"""garrison console: the address, and how it reaches the browser."""

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from garrison.cli import console
from tests.cli.program import Program


def test_the_address_is_printed_and_opens_the_console(running: Program) -> None:
    outcome = running("console", "--print-url")
    assert outcome.code == 0, outcome.errors
    url = urlsplit(outcome.out.strip())
    assert (url.scheme, url.hostname, url.path) == ("http", "127.0.0.1", "/open")
    as_json = running("console", "open", "--json")
    assert urlsplit(as_json.json["url"]).port == url.port
    out = running("console", "sign-out-everywhere")
    assert out.code == 0


def test_the_browser_is_handed_a_file_that_nobody_else_may_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/told\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert console._open("http://127.0.0.1:1/open?ticket=a&b")
    page = tmp_path / "garrison-console.html"
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "url=http://127.0.0.1:1/open?ticket=a&amp;b" in page.read_text("utf-8")
    os.wait()
    assert (tmp_path / "told").read_text("utf-8").strip() == str(page)


def test_without_a_desktop_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not console._open("http://127.0.0.1:1/")


def test_what_a_file_manager_names_is_scanned_and_shown_in_the_console(running: Program, tmp_path: Path) -> None:
    (tmp_path / "a b").mkdir()
    outcome = running("console", "scan", "--", str(tmp_path / "a b"))
    assert outcome.code == 0, outcome.errors
    address = urlsplit(outcome.out.split()[-1])
    asked = dict(part.partition("=")[::2] for part in address.query.split("&"))
    assert set(asked) == {"ticket", "next"}
    job = asked["next"].removeprefix("/jobs/")
    assert [row["operation"] for row in running("jobs", "--json").json if str(row["id"]) == job] == ["scan.files"]
    assert running("console", "scan").code == 1
