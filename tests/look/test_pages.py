"""Putting pages together."""

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from garrison.base.languages import translator
from garrison.look.pages import Pages, icon, quoted, unquoted

PAGES = Pages("garrison.console")
EN = translator("en")
OUTSIDE = {"csrf": "", "here": "/", "path": "/", "scheme": "auto", "is_signed_out": False}


def test_what_is_given_is_escaped() -> None:
    class Problem:
        text = "<script>alert(1)</script>\u202e"
        hint = '"><img src=x>'

    page = PAGES.render("outside.html", EN, {**OUTSIDE, "error": Problem()})
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "\u202e" not in page  # no direction override
    assert 'lang="en" dir="ltr"' in page


def test_a_value_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(UndefinedError):
        PAGES.render("outside.html", EN, OUTSIDE)


def test_any_name_survives_a_form() -> None:
    for name in ("/a b", "/\udcff\udcfe", "/ü\n%41", "/'\"<>&"):
        assert unquoted(quoted(name)) == name
        assert quoted(name).isascii()


def test_an_icon_is_hidden_from_screen_readers() -> None:
    assert 'aria-hidden="true"' in icon("home")
    assert 'class="icon &lt;"' in icon("home", "<")


def test_no_template_holds_a_script_a_style_or_an_address_of_elsewhere() -> None:
    folders = (Path("src/garrison/look/templates"), Path("src/garrison/console/templates"))
    for path in [path for folder in folders for path in folder.glob("*.html")]:
        text = path.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|https?://|\|\s*safe", text), path
        assert all("src=" in script for script in re.findall(r"<script[^>]*>", text)), path
