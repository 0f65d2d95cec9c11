"""Trimming others' style sheets."""

from tools.vendor import _dark, _light, rules, trimmed

SHEET = (
    '@charset "UTF-8";/*! A notice */:root{--a:1px;--b:2px;--c:var(--b)}'
    ".btn{width:var(--a)}.carousel{color:red}.btn,.carousel .x{top:0}"
    "@media (min-width:1px){.card{color:var(--c)}.carousel{left:0}}@media print{.btn{color:black}}"
    '[data-bs-theme=dark]{color:white}[data-bs-theme=dark] .card{background:url("data:a;b}")}'
    ".btn:is(.a,.b){x:y}@keyframes spin{from{x:y}}"
)


def test_only_what_is_used_is_kept() -> None:
    kept = trimmed(SHEET)
    assert kept.startswith("/*! A notice */\n")
    assert "carousel" not in kept
    assert "print" not in kept
    assert ".btn{top:0}" in kept
    assert "@media (min-width:1px){.card{color:var(--c)}}" in kept
    assert ":root{--a:1px;--b:2px;--c:var(--b)}" in kept
    assert "keyframes" not in kept


def test_dark_rules_become_a_sheet_of_their_own() -> None:
    kept = trimmed(SHEET)
    assert "dark" not in _light(kept)
    assert ':root{color:white}:root .card{background:url("data:a;b}")}' in _dark(kept)
    assert ".btn" not in _dark(kept)


def test_properties_that_nothing_uses_go_with_those_that_only_they_used() -> None:
    assert trimmed(":root{--a:1px;--b:var(--a)}.btn{x:y}") == "\n:root{}.btn{x:y}"


def test_rules_are_read_one_by_one() -> None:
    assert list(rules("@import x;a{b:c}@media y{d{e:f}}")) == [("@import x", ""), ("a", "b:c"), ("@media y", "d{e:f}")]
